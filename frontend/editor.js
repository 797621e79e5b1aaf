// The code editor over a plain textarea: the textarea stays the form's field and works without this bundle.
import { autocompletion, closeBrackets, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { html } from "@codemirror/lang-html";
import { markdown } from "@codemirror/lang-markdown";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import { Decoration, drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers, MatchDecorator, ViewPlugin } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const inks = HighlightStyle.define([
  { tag: [tags.tagName, tags.keyword], color: "var(--code-tag)" },
  { tag: tags.attributeName, color: "var(--code-name)" },
  { tag: [tags.attributeValue, tags.string], color: "var(--code-string)" },
  { tag: [tags.comment, tags.meta], color: "var(--text-soft)" },
  { tag: tags.heading, color: "var(--code-tag)", fontWeight: "600" },
  { tag: [tags.link, tags.url], color: "var(--code-string)" },
  { tag: tags.strong, fontWeight: "600" },
  { tag: tags.emphasis, fontStyle: "italic" },
]);
const look = EditorView.theme({
  "&": { fontSize: "13px", color: "var(--text)", backgroundColor: "var(--surface)", borderRadius: "6px", border: "1px solid var(--line)" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "1px" },
  ".cm-scroller": { fontFamily: "var(--tblr-font-monospace)", lineHeight: "1.6", minHeight: "280px", maxHeight: "70vh", overflow: "auto" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--text-faint)", border: "none", borderRight: "1px solid var(--line-soft)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--hover)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--accent-soft)" },
  ".cm-merge": { color: "var(--accent-text)", backgroundColor: "var(--accent-soft)", borderRadius: "3px" },
  ".cm-tooltip": { backgroundColor: "var(--surface-raised)", border: "1px solid var(--line)", borderRadius: "6px", color: "var(--text)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-panels": { backgroundColor: "var(--surface-raised)", color: "var(--text)" },
});
// Merge fields stand out, whatever language they are in.
const mergeMarks = new MatchDecorator({ regexp: /\{\{[^}]*\}\}|\{%[^%]*%\}/g, decoration: Decoration.mark({ class: "cm-merge" }) });
const mergeFields = ViewPlugin.define(
  (view) => ({ marks: mergeMarks.createDeco(view), update(change) { this.marks = mergeMarks.updateDeco(change, this.marks); } }),
  { decorations: (plugin) => plugin.marks },
);

export function mount(element) {
  const source = element.querySelector("textarea");
  const names = JSON.parse(element.dataset.complete || "[]");
  // A shadow root takes constructed style sheets, which the page's policy allows; a style element it would not.
  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  element.append(host);
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({ doc: source.value, extensions: extensions(element, source, names) }),
  });
  element.classList.add("is-enhanced");
  source.tabIndex = -1;
  element.closest(".field")?.querySelector("label")?.addEventListener("click", () => view.focus());
  show(view, JSON.parse(element.dataset.problems || "[]"));
  source.form?.addEventListener("reset", () => setTimeout(() => replace(view, source.value)));
  // A form that saves while one writes answers with what is wrong now.
  document.addEventListener("editor:problems", (event) => show(view, event.detail.problems ?? []));
  element.addEventListener("editor:insert", (event) => view.dispatch(view.state.replaceSelection(event.detail)));
}

function extensions(element, source, names) {
  return [
    lineNumbers(), history(), drawSelection(), bracketMatching(), closeBrackets(), highlightActiveLine(), highlightSelectionMatches(), lintGutter(),
    EditorView.lineWrapping, mergeFields, look, syntaxHighlighting(inks),
    element.dataset.language === "markdown" ? markdown() : html(),
    autocompletion({ override: [(context) => suggest(context, names)] }),
    // Tab leaves the field, as everywhere; Ctrl-] indents.
    keymap.of([...defaultKeymap, ...historyKeymap, ...completionKeymap, ...searchKeymap]),
    EditorView.contentAttributes.of({ "aria-label": element.closest(".field")?.querySelector("label")?.textContent ?? "" }),
    EditorView.updateListener.of((change) => {
      if (!change.docChanged) return;
      source.value = change.state.doc.toString();
      source.dispatchEvent(new Event("input", { bubbles: true }));
    }),
  ];
}

function suggest(context, names) {
  const before = context.matchBefore(/\{[{%][^}%]*/);
  if (!before) return null;
  const word = context.matchBefore(/[\w.]*$/);
  return { from: word ? word.from : context.pos, options: names.map((label) => ({ label, type: "variable" })), validFor: /^[\w.]*$/ };
}

function show(view, problems) {
  const lines = view.state.doc.lines;
  const found = problems.map(({ line, column, message }) => {
    const at = view.state.doc.line(Math.min(Math.max(line, 1), lines));
    const from = Math.min(at.from + Math.max((column ?? 1) - 1, 0), at.to);
    return { from, to: at.to, severity: "error", message };
  });
  view.dispatch(setDiagnostics(view.state, found));
}

function replace(view, text) {
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
}
