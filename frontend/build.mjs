// Bundles what the browser gets into the folder named on the command line: hashed names, a manifest, packed copies.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { trim } from "./trim.mjs";

const dist = process.argv[2];
const here = import.meta.dirname;
const manifest = {};

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });

const bundled = await build({
  entryPoints: ["app.js", "charts.js", "design/design.js", "editor.js", "brands.js", "theme.js", "app.css"].map((name) => join(here, name)),
  outdir: dist,
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  format: "esm",
  target: ["es2022", "chrome111", "firefox113", "safari16.4"],
  minify: true,
  legalComments: "none",
  loader: { ".woff2": "file", ".svg": "dataurl" },
  metafile: true,
  plugins: [
    {
      name: "trim",
      setup(builder) {
        builder.onLoad({ filter: /tabler\.min\.css$/ }, async ({ path }) => ({ contents: trim(await readFile(path, "utf8")), loader: "css" }));
      },
    },
  ],
  logLevel: "warning",
});
for (const [path, output] of Object.entries(bundled.metafile.outputs)) {
  if (output.entryPoint) manifest[basename(output.entryPoint)] = basename(path);
  else if (path.endsWith("-wght-normal.woff2") || /latin-wght/.test(path)) manifest["inter.woff2"] ??= basename(path);
}

manifest["icons.svg"] = await writeHashed("icons", "svg", await sprite());
manifest["favicon.svg"] = await writeHashed("favicon", "svg", await readFile(join(here, "favicon.svg"), "utf8"));
await pack();
await writeFile(join(dist, "manifest.json"), JSON.stringify(manifest, Object.keys(manifest).sort(), 1) + "\n");

async function sprite() {
  const names = (await readFile(join(here, "icons.txt"), "utf8")).split("\n").filter(Boolean);
  const symbols = await Promise.all(names.map(symbol));
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
}

async function symbol(name) {
  const drawn = await readFile(join(here, "../node_modules/@tabler/icons/icons/outline", `${name}.svg`), "utf8");
  const paths = [...drawn.matchAll(/<(?:path|circle|line|rect)[^>]*\/>/g)].map(([path]) => path).filter((path) => !path.includes('stroke="none"'));
  return `<symbol id="${name}" viewBox="0 0 24 24">${paths.join("").replace(/\s+/g, " ")}</symbol>`;
}

async function writeHashed(stem, suffix, text) {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8).toUpperCase();
  const name = `${stem}-${hash}.${suffix}`;
  await writeFile(join(dist, name), text);
  return name;
}

async function pack() {
  for (const name of await readdir(dist)) {
    if (!/\.(css|js|svg)$/.test(name)) continue;
    const plain = await readFile(join(dist, name));
    await writeFile(join(dist, `${name}.gz`), gzipSync(plain, { level: 9 }));
    await writeFile(join(dist, `${name}.br`), brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } }));
  }
}
