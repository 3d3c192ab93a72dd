// Validates a Frictionless data package by the reference implementation for
// JavaScript, and reads every row of every table against its schema. What is
// wrong goes to stderr, one line each, and makes the status 1; on stdout stands
// what was read.
//   node datapackage.mjs FOLDER
import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { join } from "node:path";
import datapackage from "datapackage";

const { Package, validate } = datapackage;
const [folder] = process.argv.slice(2);
const file = join(folder, "datapackage.json");
let wrong = 0;
const say = (where, error) => {
  wrong++;
  console.error(`${where}: ${error.message ?? error}`);
  for (const e of error.errors ?? []) console.error(`${where}: ${e.message}`);
};

const { valid, errors } = await validate(file);
if (!valid) for (const e of errors) say("datapackage.json", e);

const pkg = await Package.load(file, folder, { strict: false });
if (!pkg.valid) for (const e of pkg.errors) say("datapackage.json", e);
for (const resource of pkg.resources) {
  const { path, bytes, hash } = resource.descriptor;
  try {
    const at = join(folder, path);
    if (statSync(at).size !== bytes) say(path, `${statSync(at).size} bytes instead of ${bytes}`);
    const sum = createHash("sha256");
    for await (const chunk of createReadStream(at)) sum.update(chunk);
    if (`sha256:${sum.digest("hex")}` !== hash) say(path, "its hash is another");
    if (resource.descriptor.profile !== "tabular-data-resource") continue;
    let rows = 0;
    // Each row is cast to the types of its columns, and its constraints looked at.
    for await (const row of await resource.iter({ forceCast: true })) {
      rows++;
      if (row instanceof Error) say(`${path} row ${row.rowNumber}`, row);
    }
    if (rows !== resource.descriptor.rows) say(path, `${rows} rows instead of ${resource.descriptor.rows}`);
    console.log(`${path} ${rows}`);
  } catch (e) {
    say(path, e);
  }
}
process.exit(wrong ? 1 : 0);
