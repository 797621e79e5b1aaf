// The search box: "/" or Ctrl-K opens it, arrows choose, Enter goes.

export function armPalette() {
  const dialog = document.querySelector("#palette");
  if (!dialog) return;
  const field = dialog.querySelector("input");
  const hits = dialog.querySelector("#palette-hits");

  for (const opener of document.querySelectorAll("[data-palette-open]")) {
    opener.addEventListener("click", (event) => {
      event.preventDefault();
      open();
    });
  }
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest?.("input, textarea, select, [contenteditable], .code-field");
    const isShortcut = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey);
    if (!isShortcut && (event.key !== "/" || isTyping)) return;
    event.preventDefault();
    open();
  });
  dialog.addEventListener("keydown", (event) => {
    const links = [...hits.querySelectorAll("a")];
    const at = links.findIndex((link) => link.classList.contains("is-chosen"));
    if (event.key === "ArrowDown") choose(links, at + 1);
    else if (event.key === "ArrowUp") choose(links, at - 1);
    else if (event.key === "Enter") (links[at] ?? links[0])?.click();
    else return;
    event.preventDefault();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  hits.addEventListener("htmx:afterSettle", () => choose([...hits.querySelectorAll("a")], 0));

  function open() {
    if (dialog.open) return;
    dialog.showModal();
    field.select();
    if (!hits.childElementCount) window.htmx.trigger(field, "fill");
    else choose([...hits.querySelectorAll("a")], 0);
  }
  function choose(links, at) {
    if (!links.length) return;
    const chosen = (at + links.length) % links.length;
    links.forEach((link, place) => {
      link.classList.toggle("is-chosen", place === chosen);
      link.setAttribute("aria-selected", String(place === chosen));
    });
    links[chosen].scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", links[chosen].id);
  }
}
