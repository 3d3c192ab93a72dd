// Makes the files for password managers as a browser does (web/js/passwords.mjs), and
// reads that of KeePass back with a reader of others. Says, for every text that an
// envelope may hold, what it is unpacked to, what that is packed to, and both files.
//   node passwords.mjs TEXT…
import kdbxweb from "kdbxweb";
import { files, pack, unpack } from "../web/js/passwords.mjs";

const { Credentials, Kdbx, ProtectedValue } = kdbxweb;
const now = new Date("2026-11-28T20:00:00.123Z");

async function keepass(xml) {
  const db = await Kdbx.loadXml(xml, new Credentials(ProtectedValue.fromString("")));
  const root = db.getDefaultGroup();
  return {
    name: root.name,
    made: root.times.creationTime.toISOString(),
    entries: root.entries.map((e) => Object.fromEntries([...e.fields].map(([key, value]) => [key, value instanceof ProtectedValue ? { hidden: value.getText() } : value]))),
  };
}

const said = [];
for (const text of process.argv.slice(2)) {
  const entries = unpack(text);
  const xml = files.keepass.make(entries, "Servidor & <correo>", now);
  said.push({ entries, packed: pack(entries), bitwarden: JSON.parse(files.bitwarden.make(entries, "Servidor", now)), xml, keepass: await keepass(xml) });
}
console.log(JSON.stringify(said));
