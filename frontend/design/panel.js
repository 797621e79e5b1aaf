// The panel beside the mail: everything about the chosen block that is not written in place.
import { kinds, shared, valueOf } from "./kinds.js";

export const el = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick" || name === "oninput" || name === "onchange") made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
};

let serial = 0;

export class Panel {
  constructor(root, context) {
    this.root = root;
    this.context = context;
  }

  show(block, problems) {
    const { words } = this.context;
    this.block = block;
    if (!block) return this.root.replaceChildren(el("p", { class: "text-secondary mb-0" }, words.nothing_chosen));
    const fields = [...kinds[block.kind].fields.filter((field) => !field.only || field.only(block))];
    const rest = shared.filter((field) => field.name !== "space" || block.kind !== "spacer");
    const notes = problems.map((problem) => el("div", { class: `notice notice-${problem.level === "error" ? "danger" : "warning"}`, role: "note" }, this.context.icon(problem.level === "error" ? "alert-circle" : "alert-triangle"), el("div", {}, problem.message, problem.hint ? el("p", {}, problem.hint) : null)));
    const more = el("details", { class: "design-more" }, el("summary", {}, words.more), el("div", { class: "form mt-2" }, ...rest.map((field) => this.field(block, field))));
    more.open = this.isOpen ?? false;
    more.addEventListener("toggle", () => (this.isOpen = more.open));
    this.root.replaceChildren(...notes, el("div", { class: "form" }, ...fields.map((field) => this.field(block, field))), more);
  }

  set(field, value) {
    this.context.change(this.block.id, { [field.name]: value }, field.name);
  }

  field(block, field) {
    const { words } = this.context;
    const id = `design-${field.name}-${serial++}`;
    const label = words.fields[`${block.kind}.${field.name}`] ?? words.fields[field.name] ?? field.name;
    const value = valueOf(block, field.name);
    if (field.type === "check") return el("label", { class: "check" }, this.check(id, field, value), el("span", {}, label));
    const hint = words.hints[`${block.kind}.${field.name}`] ?? words.hints[field.name];
    const control = this[field.type](id, field, value, block, label);
    const box = el("div", { class: "field", "data-field": field.name }, el("label", { class: "form-label", for: id }, label), control);
    if (hint) box.append(el("p", { class: "form-hint mb-0", id: `${id}-hint` }, hint));
    return box;
  }

  check(id, field, value) {
    const input = el("input", { type: "checkbox", class: "form-check-input", id, onchange: (event) => this.set(field, event.target.checked) });
    input.checked = !!value;
    return input;
  }

  line(id, field, value) {
    const input = el("input", { type: "text", class: "form-control", id, value: value ?? "", maxlength: 1000, autocomplete: "off", oninput: (event) => this.set(field, event.target.value) });
    return field.merge ? el("div", { class: "d-flex gap-2" }, input, this.fieldsMenu((text) => this.insert(input, text))) : input;
  }

  insert(input, text) {
    const [start, end] = [input.selectionStart ?? input.value.length, input.selectionEnd ?? input.value.length];
    input.setRangeText(text, start, end, "end");
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.focus();
  }

  fieldsMenu(use) {
    const { words, names } = this.context;
    const select = el("select", { class: "form-select design-fields", "aria-label": words.insert_field, onchange: (event) => {
      if (event.target.value) use(event.target.value);
      event.target.value = "";
    } }, el("option", { value: "" }, "{ }"));
    for (const { value, label } of names) select.append(el("option", { value }, label));
    return select;
  }

  link(id, field, value) {
    return el("input", { type: "text", inputmode: "url", class: "form-control", id, value: value ?? "", placeholder: "https://", autocomplete: "off", spellcheck: "false", onchange: (event) => this.set(field, withScheme(event.target, event.target.value)), oninput: (event) => /^(https?:\/\/|mailto:|tel:|sms:|#|\{\{)/i.test(event.target.value) && this.set(field, event.target.value) });
  }

  code(id, field, value) {
    const area = el("textarea", { class: "form-control font-monospace", id, rows: 12, spellcheck: "false", oninput: (event) => this.set(field, event.target.value) });
    area.value = value ?? "";
    return area;
  }

  rich(id, field, value, block) {
    const { words } = this.context;
    if (block.kind !== "footer") return el("button", { type: "button", class: "btn btn-default", id, onclick: () => this.context.write(block.id) }, words.write_here);
    const area = el("textarea", { class: "form-control", id, rows: 4, oninput: (event) => this.set(field, paragraphs(event.target.value)) });
    area.value = lines(value);
    return area;
  }

  number(id, field, value) {
    return el("input", { type: "number", class: "form-control", id, value, min: field.min, max: field.max, step: field.step, inputmode: "numeric", oninput: (event) => {
      const number = Math.round(Number(event.target.value));
      const isGood = event.target.value !== "" && number >= field.min && number <= field.max;
      event.target.classList.toggle("is-invalid", !isGood);
      if (isGood) this.set(field, number);
    } });
  }

  color(id, field, value) {
    const { words } = this.context;
    const input = el("input", { type: "color", class: "form-control form-control-color", id, value: value || "#ffffff", oninput: (event) => this.set(field, event.target.value) });
    const own = el("button", { type: "button", class: "btn btn-ghost-secondary btn-sm", onclick: () => this.set(field, "") }, value ? words.as_brand : words.is_brand);
    own.disabled = !value;
    return el("div", { class: "d-flex gap-2 align-items-center" }, input, own);
  }

  select(id, field, value, block) {
    const { words } = this.context;
    const select = el("select", { class: "form-select", id, onchange: (event) => this.set(field, field.number ? Number(event.target.value) : event.target.value) });
    for (const each of field.values) select.append(el("option", { value: each, selected: each === value }, words.values[`${block.kind}.${field.name}.${each}`] ?? words.values[`${field.name}.${each}`] ?? String(each)));
    return select;
  }

  ratio(id, field, value, block) {
    const { words } = this.context;
    const select = el("select", { class: "form-select", id, onchange: (event) => {
      const count = event.target.value.split(":").length;
      const kept = block.columns.slice(0, count);
      // What stood in a column that goes is put into the last that stays.
      for (const leaves of block.columns.slice(count)) kept[count - 1] = [...kept[count - 1], ...leaves];
      while (kept.length < count) kept.push([]);
      this.context.change(block.id, { ratio: event.target.value, columns: kept }, "");
    } });
    for (const each of field.values) select.append(el("option", { value: each, selected: each === value }, words.values[`ratio.${each}`] ?? each));
    return select;
  }

  align(id, field, value) {
    const { words, icon } = this.context;
    const group = el("div", { class: "btn-group", role: "group", id });
    for (const each of ["start", "center", "end"]) {
      group.append(el("button", { type: "button", class: "btn btn-default btn-icon", "aria-pressed": String(each === value), "aria-label": words.values[`align.${each}`], onclick: () => this.set(field, each) }, icon({ start: "align-left", center: "align-center", end: "align-right" }[each])));
    }
    return group;
  }

  image(id, field, value) {
    const { words, chooseImage } = this.context;
    const input = el("input", { type: "text", inputmode: "url", class: "form-control", id, value: value ?? "", placeholder: "https://", autocomplete: "off", onchange: (event) => this.set(field, withScheme(event.target, event.target.value)) });
    const box = el("div", { class: "d-grid gap-2" }, input);
    if (chooseImage) box.prepend(el("button", { type: "button", class: "btn btn-default", onclick: () => chooseImage(this.block.id, field.name) }, words.choose_image));
    return box;
  }

  products(id, field, value) {
    const { words, findProducts, productName } = this.context;
    const list = el("ul", { class: "list-unstyled mb-0 d-grid gap-1" });
    for (const each of value) list.append(el("li", { class: "d-flex gap-2 align-items-center" }, el("span", { class: "flex-fill text-break" }, productName(each)), el("button", { type: "button", class: "btn btn-ghost-secondary btn-sm", "aria-label": `${words.remove}: ${productName(each)}`, onclick: () => this.set(field, value.filter((one) => one !== each)) }, "×")));
    const found = el("ul", { class: "list-unstyled mb-0 d-grid gap-1" });
    const search = el("input", { type: "search", class: "form-control", id, placeholder: words.find_products, autocomplete: "off", oninput: async (event) => {
      const asked = event.target.value;
      const goods = await findProducts(asked);
      if (event.target.value !== asked) return;
      found.replaceChildren(...goods.filter((good) => !value.includes(good.id)).slice(0, 8).map((good) => el("li", {}, el("button", { type: "button", class: "btn btn-default w-100 justify-content-start", onclick: () => value.length < 9 && this.set(field, [...value, good.id]) }, good.price ? `${good.name} · ${good.price}` : good.name))));
    } });
    return el("div", { class: "d-grid gap-2" }, list, search, found);
  }

  social(id, field, value) {
    const { words } = this.context;
    const rows = value.map((link, at) => {
      const put = (values) => this.set(field, value.map((each, place) => (place === at ? { ...each, ...values } : each)));
      return el("div", { class: "d-flex gap-2" },
        el("input", { class: "form-control", value: link.network, "aria-label": words.network, maxlength: 40, onchange: (event) => event.target.value.trim() && put({ network: event.target.value.trim() }) }),
        el("input", { class: "form-control", value: link.href, "aria-label": words.fields.href, onchange: (event) => put({ href: withScheme(event.target, event.target.value) }) }),
        el("button", { type: "button", class: "btn btn-ghost-secondary btn-sm", "aria-label": `${words.remove}: ${link.network}`, onclick: () => this.set(field, value.filter((_, place) => place !== at)) }, "×"));
    });
    return el("div", { class: "d-grid gap-2", id }, ...rows, el("button", { type: "button", class: "btn btn-default", onclick: () => this.set(field, [...value, { network: "Instagram", href: "https://example.com/" }]) }, words.add));
  }

  condition(id, field, value) {
    const { words, conditionFields } = this.context;
    const put = (values) => this.context.change(this.block.id, { when: { field: conditionFields[0].value, test: "filled", value: "", ...value, ...values } }, "when");
    const mode = el("select", { class: "form-select", id, onchange: (event) => (event.target.value ? put({}) : this.set(field, null)) }, el("option", { value: "" }, words.everybody), el("option", { value: "some", selected: !!value }, words.only_people_where));
    if (!value) return mode;
    const by = el("select", { class: "form-select", "aria-label": words.field, onchange: (event) => put({ field: event.target.value }) }, ...conditionFields.map((each) => el("option", { value: each.value, selected: each.value === value.field }, each.label)));
    const tests = ["filled", "empty", "equals", "differs", "has_tag", "lacks_tag"];
    const test = el("select", { class: "form-select", "aria-label": words.test, onchange: (event) => put({ test: event.target.value }) }, ...tests.map((each) => el("option", { value: each, selected: each === value.test }, words.tests[each])));
    const text = el("input", { class: "form-control", value: value.value ?? "", maxlength: 200, "aria-label": words.value, onchange: (event) => put({ value: event.target.value.replace(/["'\\{}%\r\n]/g, "") }) });
    const isTag = value.test.endsWith("_tag");
    return el("div", { class: "d-grid gap-2" }, mode, isTag ? null : by, test, ["filled", "empty"].includes(value.test) ? null : text);
  }
}

// An address without its beginning is one on the web.
function withScheme(input, value) {
  const text = value.trim();
  if (!text || /^(https?:\/\/|mailto:|tel:|sms:|#|\{\{)/i.test(text)) return text;
  const whole = /^[^\s@/]+@[^\s@/]+$/.test(text) ? `mailto:${text}` : `https://${text.replace(/^[a-z]+:\/*/i, "")}`;
  input.value = whole;
  return whole;
}

const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
const paragraphs = (text) => text.split(/\n{2,}/).filter((part) => part.trim()).map((part) => `<p>${escaped(part).replace(/\n/g, "<br>")}</p>`).join("");
function lines(html) {
  const made = new DOMParser().parseFromString((html ?? "").replace(/<br>/g, "\n"), "text/html");
  return [...made.querySelectorAll("p")].map((each) => each.textContent).join("\n\n") || made.body.textContent;
}
