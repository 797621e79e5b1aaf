// What every staff page carries: htmx for live parts, Alpine for small state, and the shell's own behaviour.
import Alpine from "@alpinejs/csp";
import htmx from "htmx.org";
import { armCopies, armEnters, armKeys, armMenus, armRows, armSubmits } from "./parts.js";
import { armPalette } from "./palette.js";
import { armPanel } from "./panel.js";
import { armPickers } from "./picker.js";
import { armToasts, showToast } from "./toasts.js";

window.htmx = htmx;
window.Alpine = Alpine;

const csrf = document.querySelector('meta[name="csrf-token"]')?.content;
document.addEventListener("htmx:configRequest", (event) => {
  if (csrf && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = csrf;
});
document.addEventListener("htmx:responseError", (event) => showToast(event.detail.xhr.responseText));
document.addEventListener("htmx:sendError", () => showToast(document.body.dataset.offline));
document.addEventListener("htmx:load", (event) => (drawLater(event.detail.elt), armPickers(event.detail.elt)));

// Charts, the editor and the tools of images are bundles of their own, fetched when the first one comes near the screen.
const LATER = "[data-chart], [data-editor], [data-bundle]";
const seen = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      import(target.dataset.chart ?? target.dataset.editor ?? target.dataset.bundle).then((bundle) => bundle.mount(target));
    }
  },
  { rootMargin: "200px" },
);

function drawLater(root) {
  const found = [...root.querySelectorAll(LATER)];
  if (root.matches?.(LATER)) found.push(root);
  for (const element of found) if (!element.dataset.armed) (element.dataset.armed = "yes"), seen.observe(element);
}

// Of a row of tabs wider than the screen, the open one is seen.
for (const tab of document.querySelectorAll(".tabs [aria-current]")) tab.parentElement.scrollLeft = tab.offsetLeft - tab.parentElement.offsetLeft - 48;
armMenus();
armRows();
armEnters();
armKeys();
armCopies();
armSubmits();
armPanel();
armPalette();
armToasts();
drawLater(document.body);
armPickers(document.body);
Alpine.start();
