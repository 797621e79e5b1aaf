// Text written in place, in the mail itself: Tiptap on the element of the block.
import { Editor, Extension } from "@tiptap/core";
import { Plugin } from "@tiptap/pm/state";
import { Decoration, DecorationSet } from "@tiptap/pm/view";
import StarterKit from "@tiptap/starter-kit";

const FIELD = /\{\{[^}]*\}\}|\{%[^%]*%\}/g;

// Merge fields stand out while one writes.
const MergeFields = Extension.create({
  name: "mergeFields",
  addProseMirrorPlugins: () => [
    new Plugin({
      props: {
        decorations(state) {
          const found = [];
          state.doc.descendants((node, at) => {
            if (node.isText) for (const match of node.text.matchAll(FIELD)) found.push(Decoration.inline(at + match.index, at + match.index + match[0].length, { class: "merge-field" }));
          });
          return DecorationSet.create(state.doc, found);
        },
      },
    }),
  ],
});

export function edit(element, html, { label, onChange, onState, onLeave }) {
  element.replaceChildren();
  return new Editor({
    element,
    content: html,
    injectCSS: false,
    autofocus: "end",
    extensions: [
      StarterKit.configure({ heading: false, blockquote: false, codeBlock: false, code: false, horizontalRule: false, dropcursor: false, gapcursor: false, link: { openOnClick: false, autolink: false, protocols: ["mailto", "tel"], isAllowedUri: () => true } }),
      MergeFields,
    ],
    editorProps: {
      attributes: { role: "textbox", "aria-multiline": "true", "aria-label": label },
      handleKeyDown: (_view, event) => {
        if (event.key !== "Escape") return false;
        onLeave();
        return true;
      },
    },
    onUpdate: ({ editor }) => onChange(tidy(editor.getHTML())),
    onTransaction: ({ editor }) => onState(editor),
  });
}

// Only what the schema keeps of a link.
function tidy(html) {
  return html.replace(/<a [^>]*?href="([^"]*)"[^>]*>/g, '<a href="$1">').replace(/ class="[^"]*"/g, "");
}
