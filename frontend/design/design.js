// The visual editor of a mail: blocks as JSON, drawn by the server, saved while one works.
import Sortable from "sortablejs";
import { Canvas } from "./canvas.js";
import { copied, every, find, History, insert, merge, move, remove, update } from "./document.js";
import { kinds, made, summary } from "./kinds.js";
import { el, Panel } from "./panel.js";

const SAVE_AFTER = 250;
const LOOK_EVERY = 8000;
const DRAGGED = "application/x-assent-block";

export function mount(root) {
  new Design(root);
}

class Design {
  constructor(root) {
    this.root = root;
    this.data = JSON.parse(root.querySelector("script[type='application/json']").textContent);
    this.words = this.data.words;
    this.mayWrite = this.data.may_write;
    this.part = (name) => root.querySelector(`[data-part="${name}"]`);
    this.history = new History(this.data.mail);
    this.saved = this.data.mail;
    this.revision = this.data.revision;
    this.problems = this.data.problems;
    this.selected = null;
    this.products = new Map(this.data.products.map((good) => [good.id, good]));
    this.panel = new Panel(this.part("fields"), {
      words: this.words,
      names: this.data.names,
      conditionFields: this.data.condition_fields,
      icon: (name) => this.icon(name),
      change: (id, values, what) => this.change(update(this.mail, id, values), `${id}.${what}`, true),
      write: (id) => this.canvas.write(id, true),
      chooseImage: this.data.images_url ? (id, name) => this.chooseImage(id, name) : null,
      findProducts: (text) => this.findProducts(text),
      productName: (id) => this.products.get(id)?.name ?? this.words.product_gone,
    });
    this.canvas = new Canvas(this.part("canvas"), {
      words: this.words,
      blocks: (mail) => every(mail),
      block: (id) => (this.mayWrite ? find(this.mail, id)?.block : null),
      label: (block) => summary(block, this.words),
      select: (id) => this.select(id),
      change: (id, values) => this.change(update(this.mail, id, values), `${id}.written`, false),
      writing: (editor) => this.showToolbar(editor),
      left: (id) => this.part("outline").querySelector(`[data-id="${id}"] button`)?.focus(),
      redraw: () => this.saveSoon(0),
      drop: (dragged, place) => this.drop(dragged, place),
      key: (event) => this.key(event),
    });
    this.armPalette();
    this.armToolbar();
    this.armOutline();
    this.armTop();
    const begin = () => {
      this.canvas.draw(this.data.html, this.mail);
      this.showAll();
      this.showSaved();
      if (location.hash.length > 1 && find(this.mail, location.hash.slice(1))) this.select(location.hash.slice(1));
      root.classList.add("is-ready");
    };
    const frame = this.part("canvas");
    if (frame.contentDocument?.readyState === "complete" && frame.contentDocument.body?.dataset.canvas) begin();
    else frame.addEventListener("load", begin, { once: true });
    if (this.mayWrite) setInterval(() => this.look(), LOOK_EVERY);
    addEventListener("beforeunload", (event) => this.isDirty && event.preventDefault());
  }

  get mail() {
    return this.history.mail;
  }

  get isDirty() {
    return this.mail !== this.saved;
  }

  icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `${this.data.icons}#${name}`);
    svg.append(use);
    return svg;
  }

  // Take a new state of the mail; `what` joins quick changes of the same thing into one step of the history.
  change(mail, what, redraws) {
    if (mail === this.mail || !this.mayWrite) return;
    this.history.put(mail, what);
    this.showOutline();
    this.showTop();
    if (redraws && !what.match(/\.(text|html|href|src|alt|title|author|button|source|category|code|links)$/)) this.showPanel();
    this.saveSoon();
  }

  say(text) {
    this.part("said").textContent = text;
  }

  // --- what is chosen -------------------------------------------------------------------------------------------

  select(id) {
    this.selected = id;
    this.canvas.select(id, this.problemBlocks());
    for (const row of this.part("outline").querySelectorAll("[data-id]")) row.classList.toggle("is-selected", row.dataset.id === id);
    this.part("outline").querySelectorAll("[data-id] > button").forEach((button) => button.toggleAttribute("aria-current", button.parentElement.dataset.id === id));
    this.showPanel();
  }

  showPanel() {
    const place = this.selected ? find(this.mail, this.selected) : null;
    const title = this.part("title");
    title.textContent = place ? this.words.kinds[place.block.kind] : this.words.whole_mail;
    this.part("block-actions").hidden = !place || !this.mayWrite;
    const active = document.activeElement;
    const field = active?.closest?.("[data-field]")?.dataset.field;
    this.panel.show(place?.block ?? null, this.problems.filter((problem) => problem.block === this.selected));
    if (!this.mayWrite) this.part("fields").querySelectorAll("input,select,textarea,button").forEach((each) => (each.disabled = true));
    if (field && !active.isConnected) this.part("fields").querySelector(`[data-field="${field}"]`)?.querySelector("input,select,button,textarea")?.focus();
  }

  problemBlocks() {
    return this.problems.filter((problem) => problem.level === "error").map((problem) => problem.block);
  }

  showAll() {
    this.showOutline();
    this.showTop();
    this.showPanel();
    this.canvas.select(this.selected, this.problemBlocks());
  }

  // --- adding, moving, removing ---------------------------------------------------------------------------------

  armPalette() {
    const palette = this.part("palette");
    if (!this.mayWrite) return;
    for (const kind of Object.keys(kinds)) {
      const button = el("button", { type: "button", class: "design-kind", draggable: "true", "data-kind": kind, onclick: () => this.add(kind) }, this.icon(kinds[kind].icon), el("span", {}, this.words.kinds[kind]));
      button.addEventListener("dragstart", (event) => {
        event.dataTransfer.setData(DRAGGED, JSON.stringify({ kind }));
        event.dataTransfer.effectAllowed = "copy";
      });
      palette.append(button);
    }
  }

  add(kind, to) {
    const block = made(kind, this.words);
    this.change(insert(this.mail, block, to ?? this.nextPlace(kind)), "", true);
    this.select(block.id);
    this.say(`${this.words.added}: ${this.words.kinds[kind]}`);
  }

  nextPlace(kind) {
    const place = this.selected ? find(this.mail, this.selected) : null;
    if (place?.block.kind === "columns" && kind !== "columns") {
      const empty = place.block.columns.findIndex((leaves) => !leaves.length);
      if (empty >= 0) return { columns: place.block.id, column: empty, at: 0 };
    }
    if (place && !(place.columns && kind === "columns")) return { columns: place.columns, column: place.column, at: place.at + (place.block.kind === "footer" ? 0 : 1) };
    if (place) return { at: find(this.mail, place.columns).at + 1 };
    const footer = this.mail.blocks.findIndex((block) => block.kind === "footer");
    return { at: kind !== "footer" && footer >= 0 ? footer : this.mail.blocks.length };
  }

  drop(dragged, place) {
    const { kind, id } = JSON.parse(dragged);
    let to = { at: this.mail.blocks.length };
    if (place?.into) to = { columns: place.into, column: place.column, at: 0 };
    else if (place) {
      const there = find(this.mail, place.id);
      const isColumns = (id ? find(this.mail, id)?.block.kind : kind) === "columns";
      if (there?.columns && isColumns) to = { at: find(this.mail, there.columns).at + 1 };
      else if (there) to = { columns: there.columns, column: there.column, at: there.at + (place.after ? 1 : 0) };
    }
    if (kind) this.add(kind, to);
    else if (id && id !== to.columns) this.change(move(this.mail, id, to), "", true), this.select(id);
  }

  shift(by) {
    const place = this.selected && find(this.mail, this.selected);
    if (!place) return;
    const at = place.at + by;
    if (at < 0 || at >= place.length) {
      if (!place.columns) return this.say(this.words.at_end);
      const outer = find(this.mail, place.columns);
      // From one column to the next, then out of the columns.
      const column = place.column + by;
      const isInside = column >= 0 && column < outer.block.columns.length;
      const to = isInside ? { columns: place.columns, column, at: by > 0 ? 0 : outer.block.columns[column].length } : { at: outer.at + (by > 0 ? 1 : 0) };
      this.change(move(this.mail, this.selected, to), "", true);
    } else this.change(move(this.mail, this.selected, { columns: place.columns, column: place.column, at: by > 0 ? at + 1 : at }), "", true);
    const now = find(this.mail, this.selected);
    this.say(this.words.moved.replace("{place}", now.at + 1).replace("{count}", now.length));
    this.select(this.selected);
  }

  duplicate() {
    const place = this.selected && find(this.mail, this.selected);
    if (!place) return;
    const copy = copied(place.block);
    this.change(insert(this.mail, copy, { columns: place.columns, column: place.column, at: place.at + 1 }), "", true);
    this.select(copy.id);
  }

  removeSelected() {
    const place = this.selected && find(this.mail, this.selected);
    if (!place) return;
    const rows = [...this.part("outline").querySelectorAll("[data-id]")];
    const at = rows.findIndex((row) => row.dataset.id === this.selected);
    const next = rows[at + 1]?.dataset.id ?? rows[at - 1]?.dataset.id ?? null;
    this.canvas.leave();
    this.change(remove(this.mail, this.selected), "", true);
    this.say(`${this.words.removed}: ${this.words.kinds[place.block.kind]}`);
    this.select(next && find(this.mail, next) ? next : null);
    if (next) this.part("outline").querySelector(`[data-id="${next}"] > button`)?.focus();
  }

  undo(forward) {
    this.canvas.leave();
    if (!(forward ? this.history.redo() : this.history.undo())) return;
    if (this.selected && !find(this.mail, this.selected)) this.selected = null;
    this.showAll();
    this.saveSoon(0);
  }

  key(event) {
    if (!this.mayWrite) return;
    const isTyping = event.target.closest?.("input, textarea, select, [contenteditable='true'], [contenteditable='plaintext-only']");
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && !isTyping && event.key.toLowerCase() === "z") this.undo(event.shiftKey);
    else if (isCommand && !isTyping && event.key.toLowerCase() === "y") this.undo(true);
    else if (isTyping) return;
    else if (event.altKey && event.key === "ArrowUp") this.shift(-1);
    else if (event.altKey && event.key === "ArrowDown") this.shift(1);
    else if (isCommand && event.key.toLowerCase() === "d" && this.selected) this.duplicate();
    else if ((event.key === "Delete" || event.key === "Backspace") && this.selected) this.removeSelected();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // --- the outline ----------------------------------------------------------------------------------------------

  armOutline() {
    const outline = this.part("outline");
    this.root.addEventListener("keydown", (event) => this.key(event));
    outline.addEventListener("keydown", (event) => {
      if (event.altKey || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) {
        if (event.key === "Enter" && this.selected && event.target.closest("[data-id]") && this.mayWrite && this.canvas.write(this.selected, true)) event.preventDefault();
        return;
      }
      const buttons = [...outline.querySelectorAll("[data-id] > button")];
      const next = buttons[buttons.indexOf(event.target.closest("button")) + (event.key === "ArrowDown" ? 1 : -1)];
      if (!next) return;
      event.preventDefault();
      next.focus();
      this.select(next.parentElement.dataset.id);
    });
  }

  showOutline() {
    const outline = this.part("outline");
    const focused = document.activeElement?.closest?.("[data-id]")?.dataset.id;
    outline.replaceChildren(...this.mail.blocks.map((block) => this.row(block)));
    this.sort(outline, null, 0);
    if (focused) outline.querySelector(`[data-id="${focused}"] > button`)?.focus();
    this.part("empty").hidden = this.mail.blocks.length > 0;
  }

  row(block) {
    const hasProblem = this.problems.some((problem) => problem.block === block.id && problem.level === "error");
    const marks = [block.when ? "users" : null, block.hide_on ? "eye-off" : null, hasProblem ? "alert-triangle" : null].filter(Boolean);
    const button = el("button", { type: "button", class: "design-row", "aria-current": block.id === this.selected, onclick: () => this.select(block.id) }, this.icon(kinds[block.kind].icon), el("span", { class: "text-truncate" }, summary(block, this.words)), ...marks.map((name) => this.icon(name)));
    const row = el("li", { "data-id": block.id, class: block.id === this.selected ? "is-selected" : "" }, button);
    if (block.kind === "columns") {
      block.columns.forEach((leaves, column) => {
        const inner = el("ol", { class: "design-outline", "aria-label": this.words.column.replace("{number}", column + 1) }, ...leaves.map((leaf) => this.row(leaf)));
        row.append(inner);
        this.sort(inner, block.id, column);
      });
    }
    return row;
  }

  sort(list, columns, column) {
    if (!this.mayWrite) return;
    list.sortable?.destroy();
    list.dataset.columns = columns ?? "";
    list.dataset.column = column;
    list.sortable = Sortable.create(list, {
      group: { name: "blocks", put: (to, _from, dragged) => !(to.el.dataset.columns && dragged.querySelector("ol")) },
      animation: 120,
      setData: (transfer, dragged) => transfer.setData(DRAGGED, JSON.stringify({ id: dragged.dataset.id })),
      onEnd: ({ item, to, newIndex, from, oldIndex }) => {
        if (from === to && newIndex === oldIndex) return;
        const id = item.dataset.id;
        const target = { columns: to.dataset.columns || null, column: Number(to.dataset.column) };
        const rest = remove(this.mail, id);
        const block = find(this.mail, id).block;
        // The list is drawn anew from the mail, also where the move was not allowed.
        this.change(insert(rest, block, { ...target, at: newIndex }), "", true);
        this.showOutline();
        this.select(id);
      },
    });
  }

  // --- the bar above --------------------------------------------------------------------------------------------

  armTop() {
    const press = (name, act) => this.part(name)?.addEventListener("click", act);
    press("undo", () => this.undo(false));
    press("redo", () => this.undo(true));
    press("up", () => this.shift(-1));
    press("down", () => this.shift(1));
    press("copy", () => this.duplicate());
    press("remove", () => this.removeSelected());
    for (const button of this.root.querySelectorAll("[data-width]")) {
      button.addEventListener("click", () => {
        this.part("canvas").classList.toggle("is-phone", button.dataset.width === "phone");
        for (const each of this.root.querySelectorAll("[data-width]")) each.setAttribute("aria-pressed", String(each === button));
      });
    }
  }

  showTop() {
    if (!this.mayWrite) return;
    this.part("undo").disabled = !this.history.past.length;
    this.part("redo").disabled = !this.history.future.length;
  }

  showSaved() {
    const errors = this.problemBlocks().length;
    this.showState(errors ? this.words.saved_with.replace("{count}", errors) : this.words.saved);
  }

  showState(text, isBad = false) {
    const state = this.part("state");
    state.textContent = text;
    state.classList.toggle("text-danger", isBad);
  }

  armToolbar() {
    const bar = this.part("toolbar");
    this.showToolbar(null);
    const run = (act) => this.canvas.editor && act(this.canvas.editor.chain().focus()).run();
    const acts = {
      bold: (chain) => chain.toggleBold(),
      italic: (chain) => chain.toggleItalic(),
      underline: (chain) => chain.toggleUnderline(),
      strike: (chain) => chain.toggleStrike(),
      bullets: (chain) => chain.toggleBulletList(),
      numbers: (chain) => chain.toggleOrderedList(),
      unlink: (chain) => chain.extendMarkRange("link").unsetLink(),
    };
    for (const button of bar.querySelectorAll("[data-act]")) {
      button.addEventListener("mousedown", (event) => event.preventDefault());
      button.addEventListener("click", () => (button.dataset.act === "link" ? this.askLink() : run(acts[button.dataset.act])));
    }
    const fields = bar.querySelector("select");
    for (const { value, label } of this.data.names) fields.append(el("option", { value }, label));
    fields.addEventListener("change", () => {
      if (fields.value) this.canvas.insertField(fields.value);
      fields.value = "";
    });
    const form = this.part("link-form");
    if (!form) return;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      let href = form.elements.href.value.trim();
      if (href && !/^(https?:\/\/|mailto:|tel:|sms:|#|\{\{)/i.test(href)) href = `https://${href}`;
      form.hidden = true;
      run((chain) => (href ? chain.extendMarkRange("link").setLink({ href }) : chain.extendMarkRange("link").unsetLink()));
    });
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      form.hidden = true;
      this.canvas.editor?.commands.focus();
    });
  }

  askLink() {
    const form = this.part("link-form");
    form.hidden = false;
    form.elements.href.value = this.canvas.editor?.getAttributes("link").href ?? "";
    form.elements.href.focus();
    form.elements.href.select();
  }

  showToolbar(editor) {
    const bar = this.part("toolbar");
    bar.classList.toggle("is-idle", !editor);
    if (!editor && this.mayWrite) this.part("link-form").hidden = true;
    const active = { bold: "bold", italic: "italic", underline: "underline", strike: "strike", bullets: "bulletList", numbers: "orderedList", link: "link" };
    for (const button of bar.querySelectorAll("[data-act]")) {
      button.disabled = !editor;
      if (active[button.dataset.act]) button.setAttribute("aria-pressed", String(!!editor?.isActive(active[button.dataset.act])));
    }
    bar.querySelector("select").disabled = !editor;
  }

  // --- saving ---------------------------------------------------------------------------------------------------

  saveSoon(after = SAVE_AFTER) {
    if (!this.mayWrite) return;
    if (this.isDirty) this.showState(this.words.saving);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), after);
  }

  async save() {
    if (this.isSaving) return void (this.again = true);
    this.isSaving = true;
    this.again = false;
    const sent = this.mail;
    try {
      const answer = await this.ask("POST", { revision: this.revision, source: JSON.stringify(sent) });
      if (answer.status === 409) this.join(await answer.json());
      else if (!answer.ok) this.showState((await answer.json().catch(() => ({}))).message ?? this.words.not_saved, true);
      else this.took(sent, await answer.json());
    } catch {
      this.showState(this.words.offline, true);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), 3000);
    } finally {
      this.isSaving = false;
      if (this.again || (this.isDirty && this.mail !== sent)) this.saveSoon(0);
    }
  }

  ask(method, body) {
    const headers = { Accept: "application/json", "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content };
    if (!body) return fetch(`${this.data.url}&revision=${this.revision}`, { method, headers });
    return fetch(this.data.url, { method, headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify(body) });
  }

  took(sent, answer) {
    this.saved = sent;
    this.revision = answer.revision;
    this.problems = answer.problems;
    for (const good of answer.products) this.products.set(good.id, good);
    if (answer.html && this.mail === sent) this.canvas.draw(answer.html, sent);
    this.canvas.select(this.selected, this.problemBlocks());
    this.showOutline();
    this.showSaved();
    if (this.problems.some((problem) => problem.block === this.selected) !== !!this.part("fields").querySelector(".notice")) this.showPanel();
  }

  // Somebody else saved first: put both together, and save that.
  join(answer) {
    const theirs = JSON.parse(answer.source);
    const base = this.saved;
    const { mail, conflicts } = merge(base, this.mail, theirs);
    this.history.rebase((each) => merge(base, each, theirs).mail);
    this.history.mail = mail;
    this.revision = answer.revision;
    this.saved = theirs;
    this.showAll();
    this.say(conflicts.length ? this.words.both_changed : this.words.joined);
    if (conflicts.length) this.select(conflicts[0]);
    this.part("joined").hidden = !conflicts.length;
    this.saveSoon(0);
  }

  // Whatever a colleague saved meanwhile appears here too.
  async look() {
    if (document.hidden || this.isDirty || this.isSaving || this.canvas.editing) return;
    const answer = await this.ask("GET").catch(() => null);
    if (!answer?.ok || answer.status === 204 || this.isDirty || this.canvas.editing) return;
    const told = await answer.json();
    if (told.revision === this.revision) return;
    const theirs = JSON.parse(told.source);
    const base = this.saved;
    this.history.rebase((each) => merge(base, each, theirs).mail);
    this.history.mail = theirs;
    this.saved = theirs;
    this.took(theirs, told);
    this.say(this.words.joined);
    this.showAll();
  }

  // --- what comes from elsewhere --------------------------------------------------------------------------------

  async findProducts(text) {
    if (!text.trim()) return [];
    const answer = await fetch(`${this.data.products_url}?q=${encodeURIComponent(text)}`, { headers: { Accept: "application/json" } });
    if (!answer.ok) return [];
    const goods = await answer.json();
    for (const good of goods) this.products.set(good.id, good);
    return goods;
  }

  async chooseImage(id, name) {
    const dialog = this.part("images");
    const inside = dialog.querySelector("[data-part='images-inside']");
    const answer = await fetch(this.data.images_url, { headers: { "HX-Request": "true" } });
    inside.innerHTML = answer.ok ? await answer.text() : "";
    window.htmx?.process(inside);
    dialog.onclick = (event) => {
      const chosen = event.target.closest("[data-image-id]");
      if (chosen) {
        const { url, alt, width, height } = chosen.dataset;
        const isImage = find(this.mail, id)?.block.kind === "image";
        const more = isImage ? { alt: find(this.mail, id).block.alt || alt || "", pixels_wide: Number(width) || 0, pixels_high: Number(height) || 0 } : {};
        this.change(update(this.mail, id, { [name]: url, ...more }), "", true);
      }
      if (chosen || event.target === dialog || event.target.closest("[data-close]")) dialog.close();
    };
    dialog.showModal();
  }
}
