// Small behaviour of components: menus close, rows open, values copy, forms are not sent twice.

export function armMenus() {
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("details[data-menu][open]");
    if (!menu) return;
    const items = [...menu.querySelectorAll(".menu-item")];
    const at = items.indexOf(document.activeElement);
    if (event.key === "Escape") {
      menu.open = false;
      menu.querySelector("summary").focus();
    } else if (event.key === "ArrowDown") items[(at + 1) % items.length]?.focus();
    else if (event.key === "ArrowUp") items.at(at - 1)?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

export function armRows() {
  document.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-row]");
    if (!row || event.target.closest("a, button, input, label, select, summary") || String(getSelection())) return;
    if (event.metaKey || event.ctrlKey) window.open(row.dataset.row, "_blank", "noopener");
    else if ("rowPanel" in row.dataset) window.htmx.ajax("GET", row.dataset.row, { target: "#panel", swap: "innerHTML" });
    else location.assign(row.dataset.row);
  });
}

// A form whose first button only counts: in this field, Enter presses the one that finishes.
export function armEnters() {
  document.addEventListener("keydown", (event) => {
    const finish = event.key === "Enter" && !event.isComposing && event.target.dataset?.enter;
    if (!finish) return;
    event.preventDefault();
    document.getElementById(finish).click();
  });
}

// A button with data-key is pressed by that key alone, wherever nothing is being typed.
export function armKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
    if (event.target.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable], dialog")) return;
    const button = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!button) return;
    event.preventDefault();
    button.click();
  });
}

export function armCopies() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add("is-copied");
    setTimeout(() => button.classList.remove("is-copied"), 1500);
  });
}

export function armSubmits() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    (event.submitter ?? form).classList.add("is-busy");
    form.setAttribute("aria-busy", "true");
  });
  // Coming back by the browser's own button finds a form that can be sent again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      form.removeAttribute("aria-busy");
      form.querySelectorAll(".is-busy").forEach((button) => button.classList.remove("is-busy"));
    }
  });
}
