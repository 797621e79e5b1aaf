// The kinds of blocks: their icon, what a new one is, and what can be set in the panel.
import { newId } from "./document.js";

const align = { name: "align", type: "align" };
const space = { name: "space", type: "number", min: 0, max: 120, step: 2 };
const background = { name: "background", type: "color", optional: true };
const color = { name: "color", type: "color", optional: true };
const href = { name: "href", type: "link" };
export const shared = [background, space, { name: "hide_on", type: "select", values: ["", "phone", "desktop"] }, { name: "when", type: "condition" }];

export const kinds = {
  header: { icon: "id", start: () => ({}), fields: [href, align] },
  heading: { icon: "heading", start: (words) => ({ text: words.start_heading, level: 2 }), fields: [{ name: "text", type: "line", merge: true }, { name: "level", type: "select", values: [1, 2, 3], number: true }, align, color] },
  text: { icon: "align-left", start: (words) => ({ html: `<p>${words.start_text}</p>` }), fields: [{ name: "html", type: "rich" }, { name: "size", type: "select", values: ["small", "normal", "large"] }, align, color] },
  image: { icon: "photo", start: () => ({ src: "", alt: "" }), fields: [{ name: "src", type: "image" }, { name: "alt", type: "line", merge: true }, { name: "is_decorative", type: "check" }, href, { name: "width", type: "number", min: 5, max: 100, step: 5 }, align, { name: "radius", type: "number", min: 0, max: 40, step: 1 }] },
  button: { icon: "hand-click", start: (words) => ({ text: words.start_button, href: "" }), fields: [{ name: "text", type: "line", merge: true }, href, align, { name: "is_wide", type: "check" }, { name: "fill", type: "color", optional: true }, color] },
  columns: { icon: "columns-2", start: () => ({ ratio: "1:1", columns: [[], []] }), fields: [{ name: "ratio", type: "ratio", values: ["1:1", "1:2", "2:1", "1:1:1", "1:1:1:1"] }, { name: "stays", type: "check" }] },
  product: { icon: "shopping-bag", start: (words) => ({ source: "popular", button: words.start_buy }), fields: [{ name: "source", type: "select", values: ["popular", "chosen"] }, { name: "product_ids", type: "products", only: (block) => block.source === "chosen" }, { name: "category", type: "line", only: (block) => block.source !== "chosen" }, { name: "count", type: "number", min: 1, max: 9, step: 1, only: (block) => block.source !== "chosen" }, { name: "columns", type: "number", min: 1, max: 3, step: 1 }, { name: "shows_price", type: "check" }, { name: "button", type: "line" }] },
  quote: { icon: "quote", start: (words) => ({ html: `<p>${words.start_quote}</p>`, author: "" }), fields: [{ name: "html", type: "rich" }, { name: "author", type: "line", merge: true }] },
  divider: { icon: "minus", start: () => ({}), fields: [{ name: "thickness", type: "number", min: 1, max: 8, step: 1 }, { name: "width", type: "number", min: 5, max: 100, step: 5 }, color] },
  spacer: { icon: "arrows-vertical", start: () => ({}), fields: [{ name: "height", type: "number", min: 4, max: 200, step: 4 }] },
  social: { icon: "share", start: () => ({}), fields: [{ name: "links", type: "social" }, align] },
  video: { icon: "player-play", start: () => ({ src: "", title: "", href: "" }), fields: [{ name: "src", type: "image" }, { name: "title", type: "line" }, href] },
  raw: { icon: "code", start: () => ({ format: "html", source: "" }), fields: [{ name: "format", type: "select", values: ["html", "mjml"] }, { name: "source", type: "code" }] },
  footer: { icon: "mail", start: () => ({}), fields: [{ name: "html", type: "rich" }] },
};

const defaults = { align: "start", space: 10, background: "", color: "", hide_on: "", when: null, level: 2, size: "normal", width: 100, radius: 0, is_decorative: false, is_wide: false, fill: "", href: "", text: "", html: "", alt: "", src: "", ratio: "1:1", stays: false, product_ids: [], category: "", count: 3, columns: 3, shows_price: true, button: "", author: "", thickness: 1, height: 24, links: [], title: "", source: "", format: "html" };
const centred = new Set(["image", "button", "social"]);

export function valueOf(block, name) {
  if (name in block) return block[name];
  if (name === "align" && centred.has(block.kind)) return "center";
  return name === "source" && block.kind === "product" ? "chosen" : defaults[name];
}

export function made(kind, words) {
  return { id: newId(), kind, ...kinds[kind].start(words) };
}

// What a block says, in a few words, for the outline and for screen readers.
export function summary(block, words) {
  const text = block.text || block.title || block.alt || block.author || plain(block.html) || "";
  return text ? `${words.kinds[block.kind]}: ${text.slice(0, 60)}` : words.kinds[block.kind];
}

function plain(html) {
  return html ? new DOMParser().parseFromString(html, "text/html").body.textContent.trim() : "";
}
