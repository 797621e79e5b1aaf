// One picture: its focal point and the part to keep are dragged, moved by keys, or written into the fields.
import { made } from "./upload.js";

const STEP = 0.01;
const LEAST = 16;

export function mountImage(page) {
  const canvas = page.querySelector(".image-canvas");
  const size = { width: Number(page.dataset.width), height: Number(page.dataset.height) };
  mountFocal(page, canvas);
  mountCrop(page, canvas, size);
}

function mountFocal(page, canvas) {
  const fields = ["focal_x", "focal_y"].map((name) => page.querySelector(`#${name}`));
  const dot = canvas.appendChild(made("button", "focal-dot"));
  dot.type = "button";
  dot.setAttribute("aria-label", page.dataset.focal);
  const draw = () => (dot.style.left = `${fields[0].value}%`, dot.style.top = `${fields[1].value}%`);
  const set = (x, y) => {
    fields[0].value = Math.round(clamp(x, 0, 100));
    fields[1].value = Math.round(clamp(y, 0, 100));
    draw();
  };
  for (const field of fields) field.addEventListener("input", draw);
  canvas.addEventListener("click", (event) => {
    if (!event.target.matches("img")) return;
    const box = canvas.getBoundingClientRect();
    set(((event.clientX - box.left) / box.width) * 100, ((event.clientY - box.top) / box.height) * 100);
  });
  dot.addEventListener("keydown", (event) => {
    const move = arrow(event.key);
    if (!move) return;
    event.preventDefault();
    set(Number(fields[0].value) + move[0] * 2, Number(fields[1].value) + move[1] * 2);
  });
  drag(dot, canvas, () => {
    const from = fields.map((field) => Number(field.value));
    return (x, y) => set(from[0] + x * 100, from[1] + y * 100);
  });
  draw();
}

function mountCrop(page, canvas, size) {
  const form = page.querySelector("#crop-form");
  const fields = Object.fromEntries(["left", "top", "width", "height"].map((name) => [name, form.querySelector(`#${name}`)]));
  const part = canvas.appendChild(made("div", "crop-part"));
  const corner = part.appendChild(made("span", "crop-corner"));
  const dot = canvas.querySelector(".focal-dot");
  let shape = null;
  part.tabIndex = 0;
  part.role = "group";
  part.hidden = true;
  part.setAttribute("aria-label", page.dataset.part);

  const read = () => Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, Number(field.value) || 0]));
  const draw = () => {
    const now = read();
    part.hidden = dot.hidden = false;
    const isWhole = !now.width || !now.height || (now.width >= size.width && now.height >= size.height);
    part.hidden = isWhole && shape === null;
    dot.hidden = !part.hidden;
    part.style.left = `${(now.left / size.width) * 100}%`;
    part.style.top = `${(now.top / size.height) * 100}%`;
    part.style.width = `${(now.width / size.width) * 100}%`;
    part.style.height = `${(now.height / size.height) * 100}%`;
  };
  const set = (next) => {
    let width = clamp(Math.round(next.width), Math.min(LEAST, size.width), size.width);
    let height = clamp(Math.round(next.height), Math.min(LEAST, size.height), size.height);
    if (shape) {
      height = Math.round(width / shape);
      if (height > size.height) (height = size.height), (width = Math.min(size.width, Math.round(height * shape)));
      height = Math.max(1, height);
    }
    fields.width.value = width;
    fields.height.value = height;
    fields.left.value = clamp(Math.round(next.left), 0, size.width - width);
    fields.top.value = clamp(Math.round(next.top), 0, size.height - height);
    draw();
  };

  form.querySelector(".crop-shapes").hidden = false;
  for (const button of form.querySelectorAll("[data-shape]"))
    button.addEventListener("click", () => {
      const wanted = button.dataset.shape;
      for (const each of form.querySelectorAll("[data-shape]")) each.setAttribute("aria-pressed", String(each === button));
      shape = wanted === "whole" ? null : Number(wanted) || 0;
      if (wanted === "whole") set({ left: 0, top: 0, ...size });
      else {
        const width = shape ? Math.min(size.width, size.height * shape) * 0.9 : size.width * 0.8;
        const height = shape ? width / shape : size.height * 0.8;
        set({ width, height, left: (size.width - width) / 2, top: (size.height - height) / 2 });
        part.focus();
      }
    });
  for (const field of Object.values(fields)) field.addEventListener("input", () => ((shape = 0), draw()));
  part.addEventListener("keydown", (event) => {
    const move = arrow(event.key);
    if (!move) return;
    event.preventDefault();
    const now = read();
    const step = Math.max(1, Math.round(size.width * STEP));
    if (event.shiftKey) set({ ...now, width: now.width + move[0] * step, height: now.height + move[1] * step, ...(shape && move[1] ? { width: now.width + move[1] * step } : {}) });
    else set({ ...now, left: now.left + move[0] * step, top: now.top + move[1] * step });
  });
  drag(part, canvas, (target) => {
    const from = read();
    const isSize = target === corner;
    return (x, y) =>
      set(
        isSize
          ? { ...from, width: from.width + x * size.width, height: from.height + y * size.height }
          : { ...from, left: from.left + x * size.width, top: from.top + y * size.height },
      );
  });
  if (!fields.width.value) Object.assign(fields.left, { value: 0 }), Object.assign(fields.top, { value: 0 }), (fields.width.value = size.width), (fields.height.value = size.height);
  draw();
}

function drag(handle, canvas, begin) {
  handle.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    handle.focus();
    handle.setPointerCapture(event.pointerId);
    const box = canvas.getBoundingClientRect();
    const move = begin(event.target);
    const onMove = (at) => move((at.clientX - event.clientX) / box.width, (at.clientY - event.clientY) / box.height);
    handle.addEventListener("pointermove", onMove);
    handle.addEventListener("pointerup", () => handle.removeEventListener("pointermove", onMove), { once: true });
    handle.addEventListener("pointercancel", () => handle.removeEventListener("pointermove", onMove), { once: true });
  });
}

function arrow(key) {
  return { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
}

function clamp(value, least, most) {
  return Math.min(Math.max(value, least), most);
}
