// Checks unpacked bags by RFC 8493 (BagIt 1.0), and by nothing else: it shares no
// code, no test and no author with what makes our bundles, and needs Node alone.
//   node bagit.mjs [--json] FOLDER...
// The status is 0 when every bag is valid, 1 when one is not, and 2 when one cannot
// be read to its end, or not be judged (an encoding or an algorithm that Node does
// not know) while nothing was found wrong. Each reason stands on a line of its own
// on stderr, with the file and the section of the RFC; on stdout stands the verdict
// with notes (what the RFC recommends and no bag must do), or with --json one
// report a line for each folder.
//
// Nothing is fetched, nothing is written, no link is followed. Files are read in
// pieces; what stays in memory are names and checksums.
//
// Where the RFC leaves something open:
//   - Its examples (4.1, 4.2) print BagIt-version where 2.1.1 has BagIt-Version.
//     The label is taken in any case, with a note.
//   - Names that are equal after normalisation are one file, with a note (6.1.1.3).
//   - "./" and "//" in a path are no other file, with a note. The rest that has a
//     meaning to some system ("..", "/", "~", "C:", "\" in front) is refused (5.1).
import { createHash, getHashes } from "node:crypto";
import { isUtf8 } from "node:buffer";
import { constants } from "node:fs";
import { lstat, open, readdir, realpath } from "node:fs/promises";

const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const PIECE = 1 << 16; // bytes read at a time
const LONGEST = 1 << 20; // characters of a line: the RFC has no limit, memory has
const BOM = "\uFEFF";

// Each algorithm of Node by its name as 2.4 normalises it: lower case, letters and
// digits only. Signatures are none, and shake has no length of its own.
const algorithms = new Map();
for (const name of getHashes()) {
  if (/^rsa-|withrsa|^ssl3|shake|^id-/i.test(name)) continue;
  const normal = name.toLowerCase().replace(/[^a-z0-9]/g, "");
  if (!algorithms.has(normal)) algorithms.set(normal, { name, digits: createHash(name).digest("hex").length });
}

// printable is a name or text on one line, encoded as a manifest has it (2.1.3),
// and everything else that moves a cursor too.
const printable = (text) =>
  text.replace(/[%\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (c) => encodeURIComponent(c));
// tame is a sentence that stays on its line, whatever a name in it is.
const tame = (text) => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (c) => encodeURIComponent(c));
const quoted = (text) => `"${tame(text.length > 120 ? `${text.slice(0, 120)}…` : text)}"`;

// Bag is one folder and what was found in it.
class Bag {
  constructor(folder) {
    Object.assign(this, { folder, version: "", encoding: "", faults: [], unread: [], notes: [], info: [] });
    this.files = new Map(); // by path below the base directory: { size, sums }
    this.folders = new Set();
    this.refused = new Set(); // links, devices: there, and not looked at
    this.payload = { files: 0, octets: 0 };
    this.fetch = new Map(); // by path: the line of fetch.txt
    this.manifests = []; // { name, algorithm, names } of the payload
    this.tagManifests = [];
  }
  fault(file, section, reason, checksum = false) {
    this.faults.push({ file, section, reason, checksum });
  }
  note(file, section, reason) {
    this.notes.push({ file, section, reason });
  }
  cannotRead(file, reason) {
    this.unread.push({ file, section: "", reason });
  }
  path(name) {
    return Buffer.from(`${this.base}/${name}`);
  }
  get verdict() {
    if (this.faults.length) return "not valid";
    return this.unread.length ? "cannot be read" : "valid";
  }
}

// walk notes all that is in the bag, and follows nothing.
async function walk(bag) {
  const waiting = [""];
  while (waiting.length) {
    const folder = waiting.pop();
    let names;
    try {
      names = await readdir(folder ? bag.path(folder) : bag.base, { encoding: "buffer" });
    } catch (e) {
      bag.cannotRead(folder || ".", e.message);
      continue;
    }
    for (const raw of names.sort(Buffer.compare)) {
      if (!isUtf8(raw)) {
        const shown = `${folder && `${folder}/`}${raw.toString("latin1")}`;
        if (folder === "data" || folder.startsWith("data/")) bag.fault(shown, "2.1.3", "its name is no UTF-8, so no manifest lists it");
        else bag.note(shown, "2.2.1", "its name is no UTF-8: nothing is checked of it");
        continue;
      }
      const name = folder ? `${folder}/${raw}` : raw.toString();
      let stat;
      try {
        stat = await lstat(bag.path(name));
      } catch (e) {
        bag.cannotRead(name, e.message);
        continue;
      }
      if (stat.isDirectory()) {
        bag.folders.add(name);
        waiting.push(name);
      } else if (stat.isFile()) {
        bag.files.set(name, { size: stat.size, sums: [] });
        if (!name.startsWith("data/")) continue;
        bag.payload.files++;
        bag.payload.octets += stat.size;
      } else {
        bag.refused.add(name);
        const what = stat.isSymbolicLink() ? "is a symbolic link: it may lead out of the bag" : "is no file and no folder";
        bag.fault(name, "5.1", `${what}, and is not looked at`);
      }
    }
  }
  // 6.1.1: names that some systems cannot tell apart, 6.1.2: or cannot have.
  const folded = new Map();
  for (const name of bag.files.keys()) {
    const normal = name.normalize("NFC");
    const key = normal.toLowerCase();
    const other = folded.get(key);
    if (other === undefined) folded.set(key, name);
    else if (other.normalize("NFC") === normal) bag.note(name, "6.1.1.3", `differs from ${quoted(other)} in its normalisation only`);
    else bag.note(name, "6.1.1.3", `differs from ${quoted(other)} in upper and lower case only`);
    if (/[<>:"|?*\\]/.test(name) || name.split("/").some((part) => /^(con|prn|aux|nul|com[1-9]|lpt[1-9])(\.|$)/i.test(part)))
      bag.note(name, "6.1.2", "cannot be written with this name on Windows");
  }
}

// pieces reads a file of the bag from beginning to end.
async function* pieces(bag, name) {
  const file = await open(bag.path(name), READ);
  try {
    if (!(await file.stat()).isFile()) throw new Error("is no file any more");
    const buffer = Buffer.allocUnsafe(PIECE);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, PIECE, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

// NotText says that a text tag file breaks 2.3.
class NotText extends Error {}

// decoderOf returns what makes a decoder for each file in the declared encoding, or
// undefined when Node does not know it. A decoder takes pieces, and at the end none.
function decoderOf(encoding) {
  const label = encoding.toLowerCase();
  if (/^(iso[-_]8859-1(:1987)?|iso-ir-100|latin1|l1|ibm819|cp819|csisolatin1)$/.test(label))
    return () => (piece) => (piece ? piece.toString("latin1") : "");
  if (/^(us-ascii|ascii|us|ansi_x3\.4-1968|iso646-us|csascii)$/.test(label))
    return () => (piece) => {
      if (piece?.some((byte) => byte > 127)) throw new NotText(`is not written in ${encoding}`);
      return piece ? piece.toString("latin1") : "";
    };
  const decoder = (real, first = "") => {
    const d = new TextDecoder(real, { fatal: true, ignoreBOM: true });
    return (piece) => {
      try {
        const text = first + d.decode(piece, { stream: piece !== undefined });
        first = "";
        return text;
      } catch {
        throw new NotText(`is not written in ${encoding}`);
      }
    };
  };
  if (label === "utf-16")
    // Its byte order is told by its mark; without one it is big-endian (RFC 2781).
    return () => {
      let d;
      return (piece) => {
        if (d || !piece) return d ? d(piece) : "";
        const little = piece[0] === 0xff && piece[1] === 0xfe;
        d = decoder(little ? "utf-16le" : "utf-16be");
        const text = d(piece);
        return text.startsWith(BOM) ? text.slice(1) : text;
      };
    };
  try {
    new TextDecoder(label);
  } catch {
    return undefined;
  }
  return () => decoder(label);
}

// lines gives each line of a text tag file (2.3) with its number from 1. What is no
// text becomes a fault of the file, what cannot be read is told as that.
async function* lines(bag, name) {
  let rest = "";
  let number = 0;
  let first = true;
  const decode = bag.newDecoder();
  const cut = function* (last) {
    let at = 0;
    for (;;) {
      const end = rest.slice(at).search(/[\r\n]/);
      if (end < 0) break;
      const stop = at + end;
      // A CR at the end may be half of a CRLF.
      if (rest[stop] === "\r" && stop + 1 === rest.length && !last) break;
      yield [rest.slice(at, stop), ++number];
      at = stop + (rest.startsWith("\r\n", stop) ? 2 : 1);
    }
    rest = rest.slice(at);
  };
  try {
    for await (const piece of pieces(bag, name)) {
      rest += decode(piece);
      if (first && rest !== "") {
        first = false;
        if (rest.startsWith(BOM)) throw new NotText(`begins with a byte order mark, which ${bag.encoding} does not need`);
      }
      yield* cut(false);
      if (rest.length > LONGEST) throw new Error(`line ${number + 1} has more than ${LONGEST} characters`);
    }
    rest += decode();
    yield* cut(true);
    if (rest !== "") {
      bag.note(name, "2.3", "its last line does not end with LF, CR or CRLF");
      yield [rest, ++number];
    }
  } catch (e) {
    if (e instanceof NotText) bag.fault(name, "2.3", e.message);
    else bag.cannotRead(name, e.message);
  }
}

// declaration reads bagit.txt (2.1.1).
async function declaration(bag) {
  const name = "bagit.txt";
  const at = "2.1.1";
  if (!bag.files.has(name)) {
    if (!bag.refused.has(name)) bag.fault(name, at, "is missing");
    return;
  }
  let raw = Buffer.alloc(0);
  try {
    for await (const piece of pieces(bag, name)) {
      raw = Buffer.concat([raw, piece]);
      if (raw.length > 4096) break;
    }
  } catch (e) {
    return bag.cannotRead(name, e.message);
  }
  if (raw.length > 4096) return bag.fault(name, at, "has more than two lines");
  if (!isUtf8(raw)) return bag.fault(name, at, "is not written in UTF-8");
  let text = raw.toString();
  if (text.startsWith(BOM)) {
    bag.fault(name, at, "begins with a byte order mark");
    text = text.slice(1);
  }
  const all = text.split(/\r\n|\r|\n/);
  if (all.at(-1) === "") all.pop();
  else if (text !== "") bag.note(name, "2.3", "its last line does not end with LF, CR or CRLF");
  if (all.length !== 2) bag.fault(name, at, `has ${all.length === 1 ? "1 line" : `${all.length} lines`}, not two`);
  const read = (line, label, value) => {
    const m = line.match(/^([^:]*): (.*)$/s);
    if (!m || m[1].toLowerCase() !== label.toLowerCase() || !value.test(m[2])) return undefined;
    if (m[1] !== label) bag.note(name, at, `has ${quoted(m[1])} where ${label} is meant`);
    return m[2];
  };
  const version = read(all[0] ?? "", "BagIt-Version", /^\d+\.\d+$/);
  if (version === undefined) bag.fault(name, at, `its first line is ${quoted(all[0] ?? "")}, not "BagIt-Version: M.N"`);
  else if (version !== "1.0") bag.fault(name, at, `declares version ${version}: RFC 8493 is version 1.0`);
  bag.version = version ?? "";
  if (all.length < 2) return;
  const encoding = read(all[1], "Tag-File-Character-Encoding", /^[!-~]+$/);
  if (encoding === undefined) bag.fault(name, at, `its second line is ${quoted(all[1])}, not "Tag-File-Character-Encoding: ENCODING"`);
  bag.encoding = encoding ?? "";
}

// place reads the filepath of a line of a manifest or of fetch.txt: decoded (2.1.3),
// inside of the bag (5.1), of a file. It returns undefined for one that is not
// looked at.
function place(bag, raw, list, number, section) {
  const fault = (section, reason) => bag.fault(list, section, `line ${number}: ${quoted(raw)} ${reason}`);
  if (/%(?!0[AaDd]|25)/.test(raw)) fault(section, "has a % that stands for none of CR, LF and %: these are encoded (%0D, %0A, %25), and nothing else");
  const name = raw.replace(/%(0[AaDd]|25)/g, (c) => decodeURIComponent(c));
  if (/^[/~\\]|^[A-Za-z]:|\0/.test(name) || name.split(/[/\\]/).includes("..")) {
    fault("5.1", "may lead out of the bag, and is not looked at");
    return undefined;
  }
  const plain = name.split("/").filter((part) => part !== "" && part !== ".").join("/");
  if (plain === "" || /\/\.?$/.test(name)) {
    fault(section, "is a folder: only files are listed");
    return undefined;
  }
  if (plain !== name) bag.note(list, section, `line ${number}: ${quoted(raw)} is written with "./" or "//", and read as ${quoted(plain)}`);
  return plain;
}

// found is the name of the file on the disk that is meant by a name in a manifest:
// the same, or the same after normalisation (6.1.1.3).
function found(bag, name, where) {
  if (bag.files.has(name) || bag.folders.has(name) || bag.refused.has(name)) return name;
  bag.normal ??= new Map([...bag.files.keys()].map((n) => [n.normalize("NFC"), n]));
  const other = bag.normal.get(name.normalize("NFC"));
  if (other === undefined) return name;
  bag.note(other, "6.1.1.3", `${where} lists it in another normalisation`);
  return other;
}

// manifest reads a manifest of the payload (2.1.3) or of tag files (2.2.1).
async function manifest(bag, { name, algorithm, names, tags }) {
  const section = tags ? "2.2.1" : "2.1.3";
  const known = algorithms.get(algorithm);
  if (!known) bag.cannotRead(name, `its checksums are of ${quoted(algorithm)}, which Node does not know: they are not verified`);
  for await (const [line, number] of lines(bag, name)) {
    const where = `${name} line ${number}`;
    const m = line.match(/^([0-9A-Fa-f]+)[ \t]+([^ \t].*)$/s);
    if (!m) {
      bag.fault(name, section, `line ${number} is ${quoted(line)}, not a checksum, space and a filepath`);
      continue;
    }
    const [, sum, raw] = m;
    if (raw.startsWith("*") && !bag.files.has(raw)) {
      bag.fault(name, section, `line ${number} has an asterisk before the filepath, as md5sum writes it (6.1.3)`);
      continue;
    }
    if (known && sum.length !== known.digits) bag.fault(name, section, `line ${number} has a checksum of ${sum.length} digits: ${algorithm} has ${known.digits}`);
    const plain = place(bag, raw, name, number, "2.1.3");
    if (plain === undefined) continue;
    const inside = plain.startsWith("data/");
    if (!tags && !inside) {
      bag.fault(name, section, `line ${number}: ${quoted(raw)} is not in the payload`);
      continue;
    }
    if (tags && (inside || /^tagmanifest-[^/]*\.txt$/.test(plain))) {
      bag.fault(name, section, `line ${number}: ${quoted(raw)} is a ${inside ? "payload file" : "tag manifest"}, which a tag manifest does not list`);
      continue;
    }
    const file = found(bag, plain, where);
    if (names.has(file)) bag.fault(file, section, `is listed twice in ${name}: line ${number} is the second`);
    names.add(file);
    if (bag.refused.has(file)) continue; // told already
    if (bag.folders.has(file)) bag.fault(name, "2.1.3", `line ${number}: ${quoted(raw)} is a folder: only files are listed`);
    else if (bag.files.has(file)) {
      if (known && sum.length === known.digits) bag.files.get(file).sums.push({ algorithm, sum: sum.toLowerCase(), where });
    } else if (bag.fetch.has(file)) bag.fault(file, "2.2.3", `is not fetched yet: the bag is not complete until what ${bag.fetch.get(file)} says is done`);
    else bag.fault(file, "3", `is missing: ${where} lists it`);
  }
}

// fetchFile reads fetch.txt (2.2.3): what is still to be fetched. Nothing is.
async function fetchFile(bag) {
  const name = "fetch.txt";
  if (!bag.files.has(name)) return;
  for await (const [line, number] of lines(bag, name)) {
    const where = `${name} line ${number}`;
    const m = line.match(/^([^ \t]+)[ \t]+(\d+|-)[ \t]+([^ \t].*)$/s);
    if (!m) {
      bag.fault(name, "2.2.3", `line ${number} is ${quoted(line)}, not an address, a length or "-", and a filepath`);
      continue;
    }
    const [, url, length, raw] = m;
    // absolute-URI of RFC 3986, Section 4.3: it has no fragment.
    if (!/^[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9\-._~:/?[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+$/.test(url))
      bag.fault(name, "2.2.3", `line ${number}: ${quoted(url)} is no absolute URI`);
    const plain = place(bag, raw, name, number, "2.2.3");
    if (plain === undefined) continue;
    if (!plain.startsWith("data/")) {
      bag.fault(name, "2.2.3", `line ${number}: ${quoted(raw)} is no payload file: only those are fetched`);
      continue;
    }
    const file = found(bag, plain, where);
    if (bag.fetch.has(file)) bag.note(file, "2.2.3", `${where} lists it again`);
    else bag.fetch.set(file, where);
    const here = bag.files.get(file);
    if (here && length !== "-" && BigInt(length) !== BigInt(here.size)) bag.note(file, "5.3", `has ${here.size} octets, where ${where} has ${length}`);
  }
}

// metadata reads bag-info.txt (2.2.2), in its order.
async function metadata(bag) {
  const name = "bag-info.txt";
  if (!bag.files.has(name)) return;
  const lineOf = [];
  for await (const [line, number] of lines(bag, name)) {
    if (/^[ \t]/.test(line)) {
      if (bag.info.length) bag.info.at(-1)[1] += `\n${line.replace(/^[ \t]+/, "")}`;
      else bag.fault(name, "2.2.2", `line ${number} goes on with a value, and there is none before it`);
      continue;
    }
    const m = line.match(/^([^:]+):(?:[ \t](.*))?$/s);
    if (!m || m[2] === undefined) bag.fault(name, "2.2.2", `line ${number} is ${quoted(line)}, not a label, a colon, one space or tab, and a value`);
    else if (/[ \t]$/.test(m[1])) bag.fault(name, "2.2.2", `line ${number} has a label that ends with a space: ${quoted(m[1])}`);
    // A line that is wrong is still what the lines after it go on with.
    bag.info.push([m?.[1].trim() ?? "", m?.[2] ?? ""]);
    lineOf.push(number);
    bag.info.at(-1).broken = !m || m[2] === undefined;
  }
  const count = new Map();
  bag.info.forEach((element, i) => {
    const [label, value] = element;
    if (element.broken) return;
    if (value.trim() === "") bag.fault(name, "2.2.2", `line ${lineOf[i]} has no value`);
    const reserved = label.toLowerCase();
    count.set(reserved, (count.get(reserved) ?? 0) + 1);
    if (reserved === "payload-oxum") {
      const oxum = value.match(/^(\d+)\.(\d+)$/);
      const is = `${bag.payload.octets}.${bag.payload.files}`;
      if (!oxum) bag.fault(name, "2.2.2", `line ${lineOf[i]}: Payload-Oxum is ${quoted(value)}, not OctetCount.StreamCount`);
      else if (BigInt(oxum[1]) !== BigInt(bag.payload.octets) || BigInt(oxum[2]) !== BigInt(bag.payload.files))
        bag.fault(name, "2.2.2", `line ${lineOf[i]}: Payload-Oxum is ${value}, the payload is ${is}`);
    }
    if (reserved === "bagging-date" && !/^\d{4}-\d{2}-\d{2}$/.test(value)) bag.note(name, "2.2.2", `line ${lineOf[i]}: Bagging-Date is ${quoted(value)}, not YYYY-MM-DD`);
    if (reserved === "bag-count" && !/^\d+ of (\d+|\?)$/.test(value)) bag.note(name, "2.2.2", `line ${lineOf[i]}: Bag-Count is ${quoted(value)}, not "N of T"`);
  });
  if (count.get("payload-oxum") > 1) bag.fault(name, "2.2.2", "has Payload-Oxum more than once");
  for (const once of ["Bagging-Date", "Bag-Size", "Bag-Group-Identifier", "Bag-Count"])
    if (count.get(once.toLowerCase()) > 1) bag.note(name, "2.2.2", `has ${once} more than once`);
}

// checksums compares every file with all that manifests say of it, read once.
async function checksums(bag) {
  for (const [name, { sums }] of bag.files) {
    if (!sums.length) continue;
    const hashes = new Map(sums.map(({ algorithm }) => [algorithm, createHash(algorithms.get(algorithm).name)]));
    try {
      for await (const piece of pieces(bag, name)) for (const hash of hashes.values()) hash.update(piece);
    } catch (e) {
      bag.cannotRead(name, e.message);
      continue;
    }
    const is = new Map([...hashes].map(([algorithm, hash]) => [algorithm, hash.digest("hex")]));
    for (const { algorithm, sum, where } of sums)
      if (is.get(algorithm) !== sum) bag.fault(name, "3", `its ${algorithm} is ${is.get(algorithm)}, and ${where} has ${sum}`, true);
  }
}

// listed says what must be in a manifest, and should be, and is not.
function listed(bag) {
  if (!bag.manifests.length) bag.fault("manifest-sha512.txt", "2.1.3", "is missing, and so is every other payload manifest");
  for (const name of bag.files.keys())
    if (name.startsWith("data/")) for (const m of bag.manifests) if (!m.names.has(name)) bag.fault(name, "3", `is in the payload, and ${m.name} does not list it`);
  for (const [name, where] of bag.fetch) for (const m of bag.manifests) if (!m.names.has(name)) bag.fault(name, "2.2.3", `${where} lists it, and ${m.name} does not`);
  const tags = [...bag.files.keys()].filter((name) => !name.startsWith("data/") && !bag.tagManifests.some((t) => t.name === name));
  for (const t of bag.tagManifests) {
    for (const name of tags) {
      if (t.names.has(name)) continue;
      if (bag.manifests.some((m) => m.name === name)) bag.fault(t.name, "2.2.1", `does not list ${name}: it must list every payload manifest`);
      else bag.note(name, "2.2.1", `${t.name} does not list it`);
    }
  }
  const of = (all) => all.map((m) => m.algorithm).sort().join(", ");
  if (bag.tagManifests.length && of(bag.tagManifests) !== of(bag.manifests))
    bag.note(bag.tagManifests[0].name, "2.2.1", `tag manifests are of ${of(bag.tagManifests)}, payload manifests of ${of(bag.manifests) || "none"}`);
}

// check looks at all of a bag.
async function check(folder) {
  const bag = new Bag(folder);
  try {
    bag.base = await realpath(folder);
    if (!(await lstat(bag.base)).isDirectory()) throw new Error("is no folder");
  } catch (e) {
    bag.cannotRead(".", e.message);
    return bag;
  }
  await walk(bag);
  await declaration(bag);
  if (!bag.folders.has("data") && !bag.refused.has("data")) bag.fault("data", "2.1.2", "is missing, or is no folder");
  for (const name of [...bag.files.keys(), ...bag.folders]) {
    const m = name.match(/^(tag)?manifest-([^/]+)\.txt$/i);
    if (!m) continue;
    const exact = /^(tag)?manifest-[^/]+\.txt$/.test(name);
    if (!exact) bag.note(name, "6.1.1.3", "is no manifest: only its case makes it look like one");
    else if (bag.folders.has(name)) bag.fault(name, m[1] ? "2.2.1" : "2.1.3", "is a folder");
    else {
      if (!/^[a-z0-9]+$/.test(m[2])) bag.fault(name, "2.4", `${quoted(m[2])} is no normalised name of an algorithm: lower case letters and digits`);
      (m[1] ? bag.tagManifests : bag.manifests).push({ name, algorithm: m[2].toLowerCase().replace(/[^a-z0-9]/g, ""), names: new Set(), tags: Boolean(m[1]) });
    }
  }
  bag.newDecoder = decoderOf(bag.encoding || "UTF-8");
  if (!bag.newDecoder) {
    bag.cannotRead("bagit.txt", `the tag files are written in ${quoted(bag.encoding)}, which Node does not know: they are not read`);
    return bag;
  }
  await fetchFile(bag);
  for (const m of [...bag.manifests, ...bag.tagManifests]) await manifest(bag, m);
  await metadata(bag);
  listed(bag);
  await checksums(bag);
  return bag;
}

const report = (bag) => ({
  rfc: 8493,
  folder: bag.folder,
  verdict: bag.verdict,
  complete: bag.unread.length === 0 && bag.faults.every((f) => f.checksum),
  version: bag.version,
  encoding: bag.encoding,
  manifests: bag.manifests.map((m) => m.name),
  tag_manifests: bag.tagManifests.map((m) => m.name),
  payload: bag.payload,
  info: bag.info.map(([label, value]) => ({ label, value })),
  faults: bag.faults.map(({ file, section, reason }) => ({ file, section, reason })),
  unread: bag.unread.map(({ file, reason }) => ({ file, reason })),
  notes: bag.notes,
});

const args = process.argv.slice(2);
const json = args.includes("--json");
const folders = args.filter((a) => a !== "--json");
if (!folders.length || folders.some((f) => f.startsWith("--"))) {
  console.error("node bagit.mjs [--json] FOLDER...: checks unpacked bags by RFC 8493");
  process.exit(2);
}
const verdicts = new Set();
for (const folder of folders) {
  const bag = await check(folder);
  const before = folders.length > 1 ? `${printable(folder)}: ` : "";
  const told = ({ file, section, reason }) => `${before}${printable(file)}: ${tame(reason)}${section && ` (RFC 8493, Section ${section})`}`;
  for (const problem of [...bag.faults, ...bag.unread]) console.error(told(problem));
  if (json) console.log(JSON.stringify(report(bag)));
  else {
    for (const note of bag.notes) console.log(`note: ${told(note)}`);
    const { files, octets } = bag.payload;
    console.log(`${before}${bag.verdict}: ${files} payload files of ${octets} octets, by ${bag.manifests.map((m) => m.algorithm).join(", ") || "nothing"}`);
  }
  verdicts.add(bag.verdict);
}
process.exitCode = verdicts.has("not valid") ? 1 : verdicts.has("cannot be read") ? 2 : 0;
