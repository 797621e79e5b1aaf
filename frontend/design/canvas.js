// The mail itself in its frame: shown, touched, dragged onto, and written in.
import { edit } from "./rich.js";

const LOOK = `
.touchable{cursor:pointer}
[data-block]:hover{outline:1px dashed #7a93d8;outline-offset:-1px}
[data-block].is-selected{outline:2px solid #2f5bd0;outline-offset:-2px}
[data-block]:focus-visible{outline:2px solid #2f5bd0;outline-offset:-2px}
[data-block].is-conditional{background-image:linear-gradient(#2f5bd0,#2f5bd0);background-size:3px 100%;background-repeat:no-repeat}
[data-block].is-hidden{opacity:.45}
[data-block].has-problem{outline:2px solid #c0362c;outline-offset:-2px}
.missing-picture{display:grid;place-items:center;min-height:120px;font-size:14px;color:#5b6472;border:2px dashed #b8c0cf;border-radius:8px;background:#eef1f6}
.empty-column{outline:2px dashed #b8c0cf;outline-offset:-4px}
.drop-line{position:absolute;height:4px;margin-top:-2px;border-radius:2px;background:#2f5bd0;pointer-events:none;z-index:9}
.merge-field{background:#dde6ff;border-radius:4px;box-shadow:0 0 0 2px #dde6ff;color:#1f3f9a}
.ProseMirror{outline:none;white-space:pre-wrap;min-height:1em}
.ProseMirror p{margin:0 0 13px}.ProseMirror p:last-child{margin-bottom:0}.ProseMirror li p{margin:0}
[contenteditable]{outline:none}
`;

export class Canvas {
  constructor(frame, handlers) {
    this.frame = frame;
    this.on = handlers;
    this.editor = null;
    this.editing = null;
    this.selected = null;
    this.line = null;
    this.waiting = null;
  }

  get page() {
    return this.frame.contentDocument;
  }

  // Draw the HTML that the server made; while somebody writes in it, wait until they are done.
  draw(html, mail) {
    if (this.editing) return void (this.waiting = [html, mail]);
    // Parsed by the frame: its policy lets a mail have styles of its own, that of our page would not.
    const made = new this.frame.contentWindow.DOMParser().parseFromString(html, "text/html");
    const page = this.page;
    const top = page.scrollingElement?.scrollTop ?? 0;
    page.documentElement.lang = made.documentElement.lang;
    page.documentElement.dir = made.documentElement.dir;
    page.head.replaceChildren(...[...made.head.querySelectorAll("style")].map((style) => page.importNode(style, true)));
    const own = page.createElement("style");
    own.textContent = LOOK;
    page.head.append(own);
    page.body.replaceWith(page.importNode(made.body, true));
    this.arm(mail);
    if (page.scrollingElement) page.scrollingElement.scrollTop = top;
    this.mark();
  }

  arm(mail) {
    const page = this.page;
    const blocks = new Map(this.on.blocks(mail).map((block) => [block.id, block]));
    for (const element of page.querySelectorAll("[class*='b-']")) {
      const name = [...element.classList].find((each) => /^b-[A-Za-z0-9]+$/.test(each));
      const block = name && blocks.get(name.slice(2));
      if (!block || element.dataset.block || element.parentElement.closest(`[data-block="${block.id}"]`)) continue;
      element.dataset.block = block.id;
      element.classList.toggle("is-conditional", !!block.when);
      element.classList.toggle("is-hidden", !!block.hide_on);
    }
    for (const element of page.querySelectorAll(".missing-picture")) element.textContent = this.on.words.choose_image;
    if (page.body.dataset.armed) return;
    page.body.dataset.armed = "yes";
    page.addEventListener("click", (event) => event.target.closest?.("a") && event.preventDefault());
    page.body.addEventListener("click", (event) => this.touch(event));
    page.body.addEventListener("dragover", (event) => this.dragOver(event));
    page.body.addEventListener("dragleave", (event) => event.target === page.body && this.clearLine());
    page.body.addEventListener("drop", (event) => this.drop(event));
    page.body.addEventListener("keydown", (event) => this.on.key(event));
  }

  elements(id) {
    return [...this.page.querySelectorAll(`[data-block="${CSS.escape(id)}"]`)];
  }

  touch(event) {
    const element = event.target.closest?.("[data-block]");
    if (this.editing && element?.dataset.block === this.editing.id) return;
    this.leave();
    this.on.select(element?.dataset.block ?? null, "canvas");
    if (element) this.write(element.dataset.block);
  }

  select(id, problems = []) {
    this.selected = id;
    this.problems = problems;
    if (this.editing && this.editing.id !== id) this.leave();
    this.mark();
    const first = id && this.elements(id)[0];
    if (!first) return;
    const box = first.getBoundingClientRect();
    if (box.bottom < 0 || box.top > this.frame.clientHeight) first.scrollIntoView({ block: "center" });
  }

  mark() {
    for (const element of this.page.querySelectorAll("[data-block]")) {
      element.classList.toggle("is-selected", element.dataset.block === this.selected);
      element.classList.toggle("has-problem", (this.problems ?? []).includes(element.dataset.block));
    }
  }

  // Begin to write in the block where it stands: rich text by the editor, one line as plain text.
  write(id, atEnd = false) {
    const block = this.on.block(id);
    const element = this.elements(id)[0];
    if (!block || !element || this.editing?.id === id) return false;
    if (block.kind === "text" || block.kind === "quote") {
      const host = block.kind === "quote" ? element.querySelector("blockquote") : element.querySelector("div");
      if (!host) return false;
      this.editing = { id };
      this.editor = edit(host, block.html ?? "", {
        label: this.on.label(block),
        onChange: (html) => this.on.change(id, { html }),
        onState: (editor) => this.on.writing(editor),
        onLeave: () => (this.leave(), this.on.left(id)),
      });
      return true;
    }
    const host = block.kind === "heading" ? element.querySelector("h1,h2,h3") : block.kind === "button" ? element.querySelector("a,td td p,p") : null;
    if (!host) return false;
    this.editing = { id, host };
    host.textContent = block.text ?? "";
    host.contentEditable = "plaintext-only";
    if (host.contentEditable !== "plaintext-only") host.contentEditable = "true";
    host.setAttribute("role", "textbox");
    host.setAttribute("aria-label", this.on.label(block));
    host.addEventListener("input", () => this.on.change(id, { text: host.textContent.replace(/\s+/g, " ") }));
    host.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      this.leave();
      this.on.left(id);
    });
    host.focus();
    if (atEnd) this.page.getSelection().selectAllChildren(host), this.page.getSelection().collapseToEnd();
    return true;
  }

  insertField(text) {
    if (this.editor) return this.editor.chain().focus().insertContent(text).run();
    if (!this.editing) return false;
    this.page.execCommand("insertText", false, text);
    return true;
  }

  leave() {
    if (!this.editing) return;
    this.editor?.destroy();
    this.editor = null;
    this.editing = null;
    this.on.writing(null);
    if (this.waiting) {
      const [html, mail] = this.waiting;
      this.waiting = null;
      this.draw(html, mail);
    } else this.on.redraw();
  }

  // Where something dragged here would land: before or after the block under it, or in an empty column.
  placeAt(event) {
    const element = event.target.closest?.("[data-block]");
    if (!element) {
      const all = [...this.page.querySelectorAll("[data-block]")];
      const below = all.find((each) => each.getBoundingClientRect().top > event.clientY);
      return below ? { element: below, id: below.dataset.block, after: false } : all.length ? { element: all.at(-1), id: all.at(-1).dataset.block, after: true } : null;
    }
    const empty = event.target.closest(".empty-column");
    if (empty) {
      const columns = [...empty.closest("[data-block]").querySelectorAll(".mj-outlook-group-fix")].filter((each) => !each.querySelector(".mj-outlook-group-fix"));
      return { element: empty, into: element.dataset.block, column: Math.max(0, columns.indexOf(empty.closest(".mj-outlook-group-fix"))) };
    }
    const box = element.getBoundingClientRect();
    return { element, id: element.dataset.block, after: event.clientY > box.top + box.height / 2 };
  }

  dragOver(event) {
    if (!event.dataTransfer.types.includes("application/x-assent-block")) return;
    event.preventDefault();
    const place = this.placeAt(event);
    if (!place) return this.clearLine();
    const box = place.element.getBoundingClientRect();
    this.line ??= this.page.createElement("div");
    this.line.className = "drop-line";
    const top = (place.after ? box.bottom : box.top) + this.page.scrollingElement.scrollTop;
    Object.assign(this.line.style, { left: `${box.left}px`, width: `${box.width}px`, top: `${top}px` });
    if (!this.line.isConnected) this.page.body.append(this.line);
  }

  drop(event) {
    const dragged = event.dataTransfer.getData("application/x-assent-block");
    if (!dragged) return;
    event.preventDefault();
    const place = this.placeAt(event);
    this.clearLine();
    this.on.drop(dragged, place);
  }

  clearLine() {
    this.line?.remove();
    this.line = null;
  }
}
