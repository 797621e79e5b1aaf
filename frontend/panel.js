// The side panel: a dialog over the list. The URL names what is open; Escape and Back close it.

export function armPanel() {
  const dialog = document.querySelector("#panel-dialog");
  if (!dialog) return;
  const inside = dialog.querySelector("#panel");

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== inside || !inside.childElementCount) return;
    const url = event.detail.pathInfo.responsePath ?? event.detail.pathInfo.requestPath;
    if (event.detail.requestConfig.verb === "get" && location.pathname + location.search !== url) {
      history[dialog.open ? "replaceState" : "pushState"]({ panel: url }, "", url);
    }
    if (!dialog.open) dialog.showModal();
    dialog.querySelector("h2")?.setAttribute("tabindex", "-1");
    dialog.querySelector("[autofocus], h2")?.focus();
  });
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    leave();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-panel-close]")) leave();
  });
  window.addEventListener("popstate", (event) => {
    if (event.state?.panel) return window.htmx.ajax("GET", event.state.panel, { target: "#panel", swap: "innerHTML" });
    if (dialog.open) close();
  });

  function leave() {
    if (history.state?.panel) history.back();
    else close();
  }
  function close() {
    dialog.close();
    inside.replaceChildren();
  }
}
