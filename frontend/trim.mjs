// Leaves of the framework what we use: all of its layout words, none of the components we draw ourselves.
import postcss from "postcss";

const KEPT = new Set(
  `align badge bg border bottom btn card clearfix col collapse container cursor d display end fade fixed flex float font form fs fst fw g gap gx gy
  h1 h2 h3 h4 h5 h6 img input invisible is justify lead list lh m mb me ms mt mx my mw mh min max object offset opacity order overflow p pb pe position ps pt px py
  rounded row scroll show small start sticky sr stretched strong subheader table text top translate user vh visible visually vr vstack hstack w was
  z active disabled accordion nav`.split(/\s+/),
);
const COLOURS = /(^|-)(azure|indigo|purple|pink|lime|cyan|teal|facebook|twitter|x|linkedin|google|youtube|vimeo|dribbble|github|instagram|pinterest|vk|rss|flickr|bitbucket|tabler|black|light|dark|gray|muted-fg)(-|$)/;
const UNUSED = /^(bg|text|border|btn)-(blur|gradient|pattern|cover|white|animate|avatar|loading|square|pill|floating|action|list|actions|opacity|.*-fg)|^(card)-(cover|stamp|stacked|rotate|sponsor|img|avatar|progress|status|tabs|group|tab|options|active|borderless|inactive|chart|code|dropdown|drop|dotted|link)|^form-(imagecheck|colorinput|selectgroup|colorcheck|floating|fieldset|range|help|switch|check-highlight|check-single)|^list-(timeline|separated)|^list-group-(hover|item-.*|header|card|transparent|horizontal|numbered|overlap)|^input-icon|^table-(mobile|transparent|success|danger|warning|info|primary|secondary|light|dark)|^rounded-|^object|^h-|^accordion-/;

export function trim(css) {
  const root = postcss.parse(css);
  root.walkRules((rule) => {
    if (rule.parent.type === "atrule" && /keyframes$/.test(rule.parent.name)) return;
    rule.selectors = rule.selectors.filter(isUsed);
    if (!rule.selector) rule.remove();
  });
  root.walkAtRules((rule) => rule.nodes && !rule.nodes.length && rule.remove());
  dropUnusedKeyframes(root);
  return root.toString();
}

function isUsed(selector) {
  const classes = [...selector.matchAll(/\.((?:[\w-]|\\.)+)/g)].map(([, name]) => name);
  return classes.every((name) => KEPT.has(name.split(/-|\\/)[0]) && !COLOURS.test(name) && !UNUSED.test(name));
}

function dropUnusedKeyframes(root) {
  const used = new Set();
  root.walkDecls(/animation/, (line) => line.value.split(/[\s,]+/).forEach((word) => used.add(word)));
  root.walkAtRules(/keyframes$/, (rule) => used.has(rule.params) || rule.remove());
}
