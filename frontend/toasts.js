// The sentence after an action: read aloud, gone after a while unless it can be undone.
const STAY_MS = 6000;

export function armToasts() {
  document.addEventListener("click", (event) => event.target.closest("[data-toast-close]")?.closest("[data-toast]").remove());
  document.querySelectorAll("[data-toast]").forEach(leaveLater);
}

export function showToast(html) {
  const region = document.querySelector("#toasts");
  const parsed = new DOMParser().parseFromString(html ?? "", "text/html").querySelector("[data-toast]");
  const toast = parsed ?? Object.assign(document.createElement("div"), { className: "toast-item toast-danger", textContent: region.dataset.failed });
  toast.dataset.toast = "";
  region.append(toast);
  leaveLater(toast);
}

function leaveLater(toast) {
  const stay = "keep" in toast.dataset ? STAY_MS * 2 : STAY_MS;
  let timer = setTimeout(() => toast.remove(), stay);
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("focusin", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", () => (timer = setTimeout(() => toast.remove(), stay)));
}
