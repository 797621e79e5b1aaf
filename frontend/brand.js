// The brand kit's form: the sample mail follows what is typed, and suggestions and images fill fields in.
import { send } from "./upload.js";

const WAIT_MS = 300;
const COLOR = /^#[0-9a-f]{6}$/i;

export function mountBrand(page) {
  const form = page.querySelector("#brand-form");
  const words = JSON.parse(page.dataset.words);
  const field = (name) => form.elements.namedItem(name);
  let timer = 0;

  const draw = () => {
    const values = new URLSearchParams(new FormData(form));
    for (const name of ["csrf_token", "seen"]) values.delete(name);
    for (const frame of page.querySelectorAll(".sample-frame")) {
      values.set("theme", frame.dataset.theme);
      // A frame that is led on leaves a step in the history; one that is replaced does not.
      const next = frame.cloneNode();
      next.src = `${page.dataset.sample}?${values}`;
      frame.replaceWith(next);
    }
  };
  const drawSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(draw, WAIT_MS);
  };
  const set = (name, value) => {
    field(name).value = value;
    const swatch = page.querySelector(`[data-color="${name}"]`);
    if (swatch && COLOR.test(value)) swatch.value = value;
    drawSoon();
  };

  form.addEventListener("input", (event) => {
    const { color } = event.target.dataset;
    if (color) field(color).value = event.target.value;
    else {
      const swatch = page.querySelector(`[data-color="${event.target.id}"]`);
      if (swatch && COLOR.test(event.target.value)) swatch.value = event.target.value;
    }
    drawSoon();
  });
  page.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.takeColor) takeColor(button), used(button);
    else if (button.dataset.takeLink) takeLink(button), used(button);
    else if (button.dataset.takeLogo) takeLogo(button);
    else if ("pickLogo" in button.dataset) openDialog(button);
    else if ("dropLogo" in button.dataset) showLogo("", "");
  });

  if (form.querySelector(".is-invalid")) draw();

  function used(button) {
    button.disabled = true;
    button.textContent = words.used;
  }

  function takeColor({ dataset }) {
    set(dataset.takeColor, dataset.value);
    if (dataset.takeColor === "primary") set("primary_text", isLight(dataset.value) ? "#000000" : "#ffffff");
  }

  function takeLink({ dataset }) {
    const links = field("social_links");
    const lines = links.value.split("\n").filter(Boolean);
    if (!lines.includes(dataset.takeLink)) links.value = [...lines, dataset.takeLink].join("\n");
    drawSoon();
  }

  function takeLogo(button) {
    const body = new FormData();
    body.append("url", button.dataset.takeLogo);
    button.classList.add("is-busy");
    send(page.dataset.logoUrl, body)
      .then((image) => (showLogo(image.id, image.url), used(button)), (reason) => (button.textContent = reason || words.failed))
      .finally(() => button.classList.remove("is-busy"));
  }

  function showLogo(id, url) {
    const picture = page.querySelector("[data-logo]");
    field("logo_image_id").value = id;
    picture.hidden = !url;
    if (url) picture.src = url;
    page.querySelector("[data-no-logo]").hidden = Boolean(url);
    page.querySelector("[data-drop-logo]").hidden = !url;
    drawSoon();
  }

  function openDialog(opener) {
    const dialog = document.querySelector("#image-dialog");
    dialog.showModal();
    dialog.querySelector("[type=search]").dispatchEvent(new Event("open"));
    dialog.onclick = (event) => {
      const choice = event.target.closest("[data-image-id]");
      if (choice) {
        showLogo(choice.dataset.imageId, new URL(choice.dataset.url).pathname);
        if (!field("logo_alt").value) field("logo_alt").value = choice.dataset.alt;
      }
      if (choice || event.target.closest("[data-close]") || event.target === dialog) dialog.close(), opener.focus();
    };
  }
}

// Which of black and white is easier to read on a colour (WCAG 2.2, relative luminance).
function isLight(color) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179;
}
