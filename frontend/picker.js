// A select of many becomes a search (ARIA combobox); the select stays the form's field, and works without this script.
const SHOWN = 60;

export function armPickers(root) {
  const found = [...root.querySelectorAll("select[data-picker]")];
  if (root.matches?.("select[data-picker]")) found.push(root);
  for (const select of found) if (!select.dataset.armed) (select.dataset.armed = "yes"), mount(select);
}

function mount(select) {
  const isMany = select.multiple;
  const options = [...select.options].filter((option) => option.value || !isMany);
  const words = options.map((option) => fold(`${option.text} ${option.value}`));
  const box = made("div", "picker");
  const field = made("input", "form-select");
  const list = made("ul", "picker-list");
  const chips = isMany ? box.appendChild(made("div", "picker-chips")) : null;
  let active = -1;

  list.id = `${select.id}-list`;
  list.role = "listbox";
  list.hidden = true;
  Object.assign(field, { id: `${select.id}-search`, type: "text", autocomplete: "off", role: "combobox" });
  const label = document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
  const name = select.getAttribute("aria-label") ?? label?.firstChild?.textContent ?? "";
  for (const [key, value] of Object.entries({ "aria-label": name, "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false" })) field.setAttribute(key, value);
  for (const key of ["aria-describedby", "aria-invalid"]) if (select.hasAttribute(key)) field.setAttribute(key, select.getAttribute(key));
  field.classList.toggle("is-invalid", select.classList.contains("is-invalid"));
  list.setAttribute("aria-label", name);
  if (label) label.htmlFor = field.id;
  box.append(field, list);
  select.after(box);
  select.classList.add("visually-hidden");
  select.tabIndex = -1;
  select.setAttribute("aria-hidden", "true");
  show();

  field.addEventListener("focus", () => field.select());
  field.addEventListener("click", () => list.hidden && open(""));
  field.addEventListener("input", (event) => {
    event.stopPropagation();
    open(field.value);
    if (select.dataset.source) ask(field.value);
  });
  field.addEventListener("change", (event) => event.stopPropagation());
  field.addEventListener("blur", () => (close(), show()));
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const items = [...list.children];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.hidden) open("");
      else mark((active + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length);
    } else if (event.key === "Enter") {
      if (list.hidden) return;
      if (items[active]) choose(options[items[active].dataset.at]);
    } else if (event.key === "Escape" && !list.hidden) {
      close();
      show();
    } else if (event.key === "Backspace" && isMany && !field.value) {
      const chosen = options.filter((option) => option.selected);
      if (chosen.length) unchoose(chosen.at(-1));
      return;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  // Before the field loses the focus to the list.
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const item = event.target.closest("[data-at]");
    if (item) choose(options[item.dataset.at]);
  });

  // What is not listed is asked for; an answer that comes late is for words that are gone.
  let asked = 0;
  function ask(typed) {
    const number = ++asked;
    if (!typed.trim()) return;
    setTimeout(async () => {
      if (number !== asked) return;
      const answer = await fetch(`${select.dataset.source}?q=${encodeURIComponent(typed)}`, { headers: { Accept: "application/json" } }).catch(() => null);
      if (!answer?.ok || number !== asked) return;
      for (const [value, text] of await answer.json()) {
        if (options.some((option) => option.value === value)) continue;
        const option = new Option(text, value);
        select.append(option);
        options.push(option);
        words.push(fold(`${text} ${value} ${typed}`));
      }
      if (document.activeElement === field && field.value === typed) open(typed);
    }, 200);
  }
  function open(typed) {
    const wanted = fold(typed).split(" ").filter(Boolean);
    const fitting = options.filter((option, at) => wanted.every((word) => words[at].includes(word)) && !(isMany && option.selected));
    // What begins as typed stands first.
    const begins = (option) => words[options.indexOf(option)].startsWith(wanted.join(" "));
    fitting.sort((one, other) => begins(other) - begins(one));
    list.replaceChildren(...fitting.slice(0, SHOWN).map((option) => item(option, options.indexOf(option))));
    list.hidden = !list.childElementCount;
    field.setAttribute("aria-expanded", String(!list.hidden));
    const current = isMany || typed ? 0 : fitting.slice(0, SHOWN).findIndex((option) => option.selected);
    mark(Math.max(current, 0));
  }
  function item(option, at) {
    const element = made("li", "picker-item");
    Object.assign(element, { id: `${list.id}-${at}`, role: "option", textContent: option.text });
    element.dataset.at = at;
    element.setAttribute("aria-selected", String(option.selected));
    return element;
  }
  function mark(at) {
    active = at;
    [...list.children].forEach((element, place) => element.classList.toggle("is-chosen", place === at));
    const chosen = list.children[at];
    if (chosen) field.setAttribute("aria-activedescendant", chosen.id);
    else field.removeAttribute("aria-activedescendant");
    chosen?.scrollIntoView({ block: "nearest" });
  }
  function close() {
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }
  function choose(option) {
    if (!isMany) for (const other of options) other.selected = false;
    option.selected = true;
    done();
  }
  function unchoose(option) {
    option.selected = false;
    done();
  }
  function done() {
    close();
    show();
    for (const kind of ["input", "change"]) select.dispatchEvent(new Event(kind, { bubbles: true }));
  }
  function show() {
    const chosen = options.filter((option) => option.selected);
    field.value = isMany ? "" : chosen[0]?.value ? chosen[0].text : "";
    field.placeholder = options.find((option) => !option.value)?.text ?? (chosen.length ? "" : "…");
    chips?.replaceChildren(...chosen.map(chip));
  }
  function chip(option) {
    const element = made("button", "picker-chip");
    Object.assign(element, { type: "button", textContent: option.text });
    element.setAttribute("aria-label", `${option.text} ×`);
    element.addEventListener("click", () => (unchoose(option), field.focus()));
    return element;
  }
}

function made(tag, className) {
  return Object.assign(document.createElement(tag), { className });
}

function fold(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
