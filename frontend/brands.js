// The tools of images and of the brand kit: sending several files, choosing a part, and the live sample mail.
import { mountBrand } from "./brand.js";
import { mountImage } from "./image.js";
import { mountUpload } from "./upload.js";

const TOOLS = { upload: mountUpload, image: mountImage, brand: mountBrand };

export function mount(target) {
  TOOLS[target.dataset.tool](target);
}
