// Writes static/build/app.css, app.js and office.css; `--watch` keeps on writing.
import { build, context } from "esbuild"
import { cp, mkdir, watch, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { compileAsync, Logger } from "sass"

const source = dirname(fileURLToPath(import.meta.url))
const root = join(source, "..", "..")
const output = join(root, "static", "build")

async function styles() {
  const { css } = await compileAsync(join(source, "app.scss"), {
    style: "compressed",
    importers: [{ findFileUrl: (name) => name.startsWith("govuk") ? new URL(name, pathToFileURL(join(root, "node_modules/govuk-frontend/dist/"))) : null }],
    quietDeps: true,
    logger: Logger.silent,
  })
  await writeFile(join(output, "app.css"), css)
}

const script = {
  entryPoints: [join(source, "app.js")],
  outfile: join(output, "app.js"),
  bundle: true,
  minify: true,
  legalComments: "none",
  format: "iife",
  target: ["es2020"],
}

await mkdir(output, { recursive: true })
await cp(join(root, "static", "icons"), output, { recursive: true })
await cp(join(source, "office.css"), join(output, "office.css"))
if (process.argv.includes("--watch")) {
  const scripts = await context(script)
  await scripts.watch()
  await styles()
  for await (const { filename } of watch(source)) {
    if (filename?.endsWith(".scss")) await styles().catch((error) => console.error(error.message))
  }
} else {
  await Promise.all([styles(), build(script)])
}
