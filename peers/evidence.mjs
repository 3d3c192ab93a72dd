// Checks packs of evidence (hasta-luego/evidence@1) by docs/reference/evidence.md and
// the public standards that the page names, and by nothing else: it shares no code,
// no test and no author with what makes our packs, and needs Node alone (20 or later).
//   node evidence.mjs [--json] FILE... [--trust KEY|FILE]...
// What is trusted is a key (text or file), or a file with a receipt, a list of accesses
// or a checkpoint. Status: 0 proved; 1 nothing is wrong, and the origin is unknown or
// something is not proved; 2 wrong use, or a file cannot be read; 3 rejected. Of
// several packs the worst counts. Each finding stands on a line of its own on stderr,
// with the file in the pack and the place in it (a JSON pointer, a line, or a byte); on
// stdout stands the verdict, or with --json one report a line for each pack.
//
// Nothing is fetched, nothing is written. Lines of witnesses are not looked at: they
// change no verdict. One pack is in memory at a time, at most 512 MiB of files.
import { createHash, createPublicKey, verify } from "node:crypto";
import { isUtf8 } from "node:buffer";
import { readFileSync, statSync } from "node:fs";

const PACK = "hasta-luego/evidence@1";
const RECEIPT = "hasta-luego/receipt-proof@1";
const LIST = "hasta-luego/access-list@1";
const DEEPEST = 2000; // JSON in JSON: deeper than anybody writes, shallow enough for the stack
const MIB = 1 << 20;
const LARGEST = { files: 4096, file: 64 * MIB, all: 512 * MIB, name: 120 };
// LONGEST is the length in bytes of the largest container: 30 and 46 bytes and the
// name twice for each file, and 22 for the end record.
const LONGEST = LARGEST.all + LARGEST.files * (30 + 46 + 2 * LARGEST.name) + 22;

// tame is a sentence that stays on its line and shows what it is, whatever a pack says.
const tame = (text) => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
const quoted = (text) => `"${tame(text.length > 120 ? `${text.slice(0, 120)}…` : text)}"`;

const sha256 = (...parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const hex = (bytes) => bytes.toString("hex");
const base64 = (bytes) => bytes.toString("base64");
// unbase64 reads strict base64: padded, its own alphabet, unused bits zero.
const unbase64 = (text) => {
  const bytes = Buffer.from(text, "base64");
  return base64(bytes) === text ? bytes : undefined;
};

// Wrong is something that is not as the page says, at a place of one file.
class Wrong extends Error {
  constructor(at, reason) {
    super(reason);
    this.at = at;
  }
}

// ---- JSON (RFC 8259), kept as it is written ----

// Figure is a number as it is written; Fields are an object, and where the value of
// each field stands in the text.
class Figure {
  constructor(text) {
    this.text = text;
  }
}
class Fields extends Map {
  spans = new Map();
}

const step = (at, name) => `${at}/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;

// parse reads JSON. JSON.parse would take two fields of one name for the last of them,
// and lose how a number is written.
function parse(text) {
  let i = 0;
  const wrong = (at, reason) => new Wrong(at, `${reason} (character ${i} of the JSON)`);
  const white = () => {
    for (let c = text.charCodeAt(i); c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09; c = text.charCodeAt(i)) i++;
  };
  const string = (at) => {
    const from = i;
    if (text[i] !== '"') throw wrong(at, "is no JSON: a text must stand here");
    for (i++; text[i] !== '"'; i++) {
      if (text[i] === "\\") i++;
      if (i >= text.length) throw wrong(at, "is no JSON: a text does not end");
    }
    i++;
    let value;
    try {
      value = JSON.parse(text.slice(from, i));
    } catch {
      throw wrong(at, "is no JSON: a text has an escape or a character that none may have");
    }
    if (!value.isWellFormed()) throw wrong(at, "has half a surrogate pair, which is no text");
    return value;
  };
  const value = (at, depth) => {
    if (depth > DEEPEST) throw wrong("", `is nested deeper than ${DEEPEST}`);
    white();
    const c = text[i];
    if (c === '"') return string(at);
    if (c === "{") {
      const fields = new Fields();
      i++;
      white();
      if (text[i] === "}") return i++, fields;
      for (;;) {
        white();
        const name = string(at);
        if (fields.has(name)) throw wrong(step(at, name), "stands twice");
        white();
        if (text[i++] !== ":") throw wrong(step(at, name), "is no JSON: a colon must follow the name");
        white();
        const from = i;
        fields.set(name, value(step(at, name), depth + 1));
        fields.spans.set(name, [from, i]);
        white();
        if (text[i] === "}") return i++, fields;
        if (text[i++] !== ",") throw wrong(at, "is no JSON: a comma or the end of an object must stand here");
      }
    }
    if (c === "[") {
      const list = [];
      i++;
      white();
      if (text[i] === "]") return i++, list;
      for (;;) {
        list.push(value(step(at, list.length), depth + 1));
        white();
        if (text[i] === "]") return i++, list;
        if (text[i++] !== ",") throw wrong(at, "is no JSON: a comma or the end of a list must stand here");
      }
    }
    for (const [word, meant] of [["true", true], ["false", false], ["null", null]])
      if (text.startsWith(word, i)) return (i += word.length), meant;
    const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
    number.lastIndex = i;
    const m = number.exec(text);
    if (!m) throw wrong(at, i < text.length ? "is no JSON: no value begins like this" : "is no JSON: it ends too early");
    i += m[0].length;
    return new Figure(m[0]);
  };
  const all = value("", 0);
  white();
  if (i < text.length) throw wrong("", "has something behind its value");
  return all;
}

// compact is JSON without the white space between its tokens, and nothing else changed.
function compact(text) {
  return text.replace(/"(?:[^"\\]+|\\.)*"|[ \n\r\t]+/gs, (token) => (token[0] === '"' ? token : ""));
}

// ---- What a field may be: each reads a value at a place, or throws Wrong ----

const anyValue = (v) => v;
const text = (v, at) => {
  if (typeof v !== "string") throw new Wrong(at, "is no text");
  return v;
};
const some = (v, at) => {
  if (text(v, at) === "") throw new Wrong(at, "is empty");
  return v;
};
const like = (pattern, what) => (v, at) => {
  if (!pattern.test(text(v, at))) throw new Wrong(at, `is ${quoted(v)}, not ${what}`);
  return v;
};
const oneOf = (...words) => (v, at) => {
  if (!words.includes(text(v, at))) throw new Wrong(at, `is ${quoted(v)}, not ${words.map(quoted).join(" or ")}`);
  return v;
};
const whole = (least) => (v, at) => {
  if (!(v instanceof Figure) || !/^-?[0-9]+$/.test(v.text) || !Number.isSafeInteger(Number(v.text)) || Number(v.text) < least)
    throw new Wrong(at, `is no whole number from ${least}`);
  return Number(v.text);
};
const sum = like(/^[0-9a-f]{64}$/, "the hex of 32 bytes");
const hash = (v, at) => {
  const bytes = unbase64(text(v, at));
  if (bytes?.length !== 32) throw new Wrong(at, `is ${quoted(v)}, not the base64 of 32 bytes`);
  return bytes;
};
const micros = (v, at) => {
  if (!/^(?:0|-?[1-9][0-9]{0,18})$/.test(text(v, at)) || BigInt.asIntN(64, BigInt(v)) !== BigInt(v)) throw new Wrong(at, `is ${quoted(v)}, not a whole number of 64 bits as text`);
  return BigInt(v);
};
const moment = (v, at) => {
  const read = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text(v, at)) ? new Date(v) : new Date(NaN);
  if (Number.isNaN(read.getTime()) || read.toISOString() !== v.replace("Z", ".000Z")) throw new Wrong(at, `is ${quoted(v)}, not an instant in UTC to the second (RFC 3339)`);
  return v;
};
const oneLine = like(/^[^\u0000-\u001f]*$/, "a line of text");
const orNull = (kind) => (v, at) => (v === null ? null : kind(v, at));
const listOf = (kind) => (v, at) => {
  if (!Array.isArray(v)) throw new Wrong(at, "is no list");
  return v.map((one, i) => kind(one, step(at, i)));
};
// fields are an object with these fields and no others; those in maybe can be missing.
const fields = (kinds, maybe = {}) => (v, at) => {
  if (!(v instanceof Fields)) throw new Wrong(at, "is no object");
  for (const name of v.keys()) if (!Object.hasOwn(kinds, name) && !Object.hasOwn(maybe, name)) throw new Wrong(step(at, name), "is no field of the format");
  const read = {};
  for (const [name, kind] of Object.entries(kinds)) {
    if (!v.has(name)) throw new Wrong(step(at, name), "is missing");
    read[name] = kind(v.get(name), step(at, name));
  }
  for (const [name, kind] of Object.entries(maybe)) if (v.has(name)) read[name] = kind(v.get(name), step(at, name));
  return read;
};

const namers = {
  certificate: ["certificate.issued"],
  letter: ["message.sent", "message.written"],
  file: ["evidence.added", "file.added"],
  list: ["access.listed"],
  receipt: [],
};
const naming = new Set([...Object.values(namers).flat(), "bundle.ready"]);

const manifestShape = fields({
  format: oneOf(PACK),
  code: oneLine,
  case: like(/^case_/, "the stream of a departure (case_…)"),
  company: text,
  made_at: moment,
  language: text,
  origin: oneLine,
  size: whole(1),
  root: hash,
  contents: oneOf("included", "withheld"),
  streams: listOf(fields({ stream: like(/^(?:case|req)_/, "a stream (case_… or req_…)"), entries: whole(1) })),
  documents: listOf(fields({ path: some, kind: oneOf(...Object.keys(namers)), media: text, name: text, entry: orNull(whole(0)) })),
  absent: listOf(fields({ entry: whole(0), sha256: sum, why: oneOf("apart", "not_kept", "too_large", "withheld") })),
  files: listOf(fields({ path: some, bytes: whole(0), sha256: sum })),
});
const entriesShape = listOf(
  fields(
    { index: whole(0), id: text, type: text, micros, actor: text, case: text, case_n: whole(0), key: text, commitment: hash, path: listOf(hash) },
    { salt: hash, body: text, absent: oneOf("destroyed", "withheld") },
  ),
);
const growthShape = listOf(fields({ size: whole(1), root: hash, checkpoint: text, proof: listOf(hash) }));
const receiptShape = fields({ format: oneOf(RECEIPT), code: oneLine, entry: text, index: whole(0), size: whole(1), leaf: hash, root: hash, path: listOf(hash), checkpoint: text });
const listShape = fields({ format: oneOf(LIST), code: oneLine, list: anyValue, note: text, proofs: listOf(receiptShape) });

// decoded is the text of a file, which is UTF-8.
function decoded(bytes) {
  if (!isUtf8(bytes)) throw new Wrong("", "is not written in UTF-8");
  return bytes.toString();
}

// ---- 1. The container ----

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});
function crc32(bytes) {
  let c = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) c = CRC[(c ^ bytes[i]) & 0xff] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}
const u16 = (n) => [n & 0xff, n >>> 8];
const u32 = (n) => [n & 0xff, (n >>> 8) & 0xff, (n >>> 16) & 0xff, n >>> 24];

// unpack returns the files of a container, in its order. Names and bodies are read by
// the local headers, and the rest is made anew from them and must be the same.
function unpack(raw) {
  const files = new Map();
  const parts = []; // what the container must be: [where, bytes]
  const lines = [];
  let at = 0;
  let all = 0;
  while (raw.length - at >= 30 && raw.readUInt32LE(at) === 0x04034b50) {
    const length = raw.readUInt32LE(at + 18);
    const name = raw.toString("latin1", at + 30, at + 30 + raw.readUInt16LE(at + 26));
    const from = at + 30 + name.length;
    const where = `byte ${at}`;
    if (!/^[a-z0-9.\-_/]+$/.test(name) || name.length > LARGEST.name || name.split("/").some((part) => part === "" || part.startsWith("."))) throw new Wrong(where, `the name ${quoted(name)} may not be`);
    if (files.has(name)) throw new Wrong(where, `${name} stands twice`);
    if (files.size === LARGEST.files) throw new Wrong(where, `there are more than ${LARGEST.files} files`);
    if (length > LARGEST.file || (all += length) > LARGEST.all) throw new Wrong(where, `${name} is too large: 64 MiB each and 512 MiB in all may be`);
    if (from + length > raw.length) throw new Wrong(where, `${name} ends behind the end of the pack`);
    const body = raw.subarray(from, from + length);
    const same = [...u16(20), ...u16(0), ...u16(0), ...u16(0), ...u16(33), ...u32(crc32(body)), ...u32(length), ...u32(length), ...u16(name.length), ...u16(0)];
    const named = Buffer.from(name, "latin1");
    parts.push([`the header of ${name}`, Buffer.from([0x50, 0x4b, 3, 4, ...same]), named], [`the body of ${name}`, body]);
    lines.push([`the line of ${name} in the directory`, Buffer.from([0x50, 0x4b, 1, 2, ...u16(20), ...same, ...Array(10).fill(0), ...u32(at)]), named]);
    files.set(name, body);
    at = from + length;
  }
  const directory = lines.reduce((n, [, ...bytes]) => n + bytes.reduce((m, b) => m + b.length, 0), 0);
  const end = Buffer.from([0x50, 0x4b, 5, 6, 0, 0, 0, 0, ...u16(files.size), ...u16(files.size), ...u32(directory), ...u32(at), 0, 0]);
  let place = 0;
  for (const [where, ...pieces] of [...parts, ...lines, ["the end record", end]])
    for (const piece of pieces) {
      if (!raw.subarray(place, place + piece.length).equals(piece)) throw new Wrong(`byte ${place}`, `${where} is not as its name and body give it (encrypted, compressed, dated or changed)`);
      place += piece.length;
    }
  if (place !== raw.length) throw new Wrong(`byte ${place}`, "something stands behind the end");
  const [first, second] = files.keys();
  if (first !== "evidence.json" || second !== "evidence.note") throw new Wrong("byte 0", "the first two files are not evidence.json and evidence.note");
  return files;
}

// ---- Signed notes (C2SP signed-note) and keys ----

// readKey reads a verifier key: NAME+HASH+BASE64, of Ed25519 (01).
function readKey(line) {
  const m = line.match(/^([^\s+\u0000-\u001f]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u);
  const bytes = m && unbase64(m[3]);
  if (!bytes) throw new Wrong("line 1", `is ${quoted(line)}, no verifier key`);
  if (bytes.length !== 33 || bytes[0] !== 1) throw new Wrong("line 1", "is no key of Ed25519");
  const hash = sha256(m[1], "\n", bytes).subarray(0, 4);
  if (hex(hash) !== m[2]) throw new Wrong("line 1", `has the key hash ${m[2]}, and the key gives ${hex(hash)}`);
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), bytes.subarray(1)]); // RFC 8410
  return { line, name: m[1], hash, key: createPublicKey({ key: der, format: "der", type: "spki" }) };
}

// readNote returns the text of a note, with its last line end, and its signatures.
function readNote(note) {
  if (/[\u0000-\u0009\u000b-\u001f]/.test(note)) throw new Wrong("", "is a note with a control character");
  const cut = note.lastIndexOf("\n\n");
  if (cut < 0 || !note.endsWith("\n")) throw new Wrong("", "is no signed note");
  const signatures = note.slice(cut + 2, -1).split("\n").map((line) => {
    const m = line.match(/^\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)$/u);
    const bytes = m && unbase64(m[2]);
    if (!bytes || bytes.length < 5) throw new Wrong("", `has ${quoted(line)} where a line of a signature must stand`);
    return { name: m[1], hash: bytes.subarray(0, 4), signature: bytes.subarray(4) };
  });
  return { text: note.slice(0, cut + 1), signatures };
}

// signed refuses a note that the key has not signed, or signed another text.
function signed(note, key) {
  const own = note.signatures.filter((s) => s.name === key.name && s.hash.equals(key.hash));
  if (!own.length) throw new Wrong("", `is not signed with log.pub, but by ${note.signatures.map((s) => quoted(`${s.name}+${hex(s.hash)}`)).join(", ")}`);
  for (const { signature } of own)
    if (signature.length !== 64 || !verify(null, Buffer.from(note.text), key.key, signature)) throw new Wrong("", "has a signature of log.pub that does not fit its text");
}

// readCheckpoint reads a checkpoint that the key signed (C2SP tlog-checkpoint).
function readCheckpoint(note, key) {
  const read = readNote(note);
  signed(read, key);
  const [origin, size, root] = read.text.split("\n");
  if (origin !== key.name) throw new Wrong("", `is a checkpoint of ${quoted(origin)}, not of ${quoted(key.name)}`);
  if (!/^(?:0|[1-9][0-9]*)$/.test(size ?? "") || !Number.isSafeInteger(Number(size))) throw new Wrong("", `has ${quoted(size ?? "")} where the number of entries must stand`);
  const bytes = unbase64(root ?? "");
  if (bytes?.length !== 32) throw new Wrong("", `has ${quoted(root ?? "")} where the root must stand`);
  return { origin, size: Number(size), root: bytes };
}

// ---- The tree (RFC 6962, 2.1) ----

const ONE = Buffer.from([1]);
const node = (left, right) => sha256(ONE, left, right);
// half is the largest power of two below n.
const half = (n) => {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
};

// included is the root to which a path leads from leaf m of n (2.1.1), or undefined
// where it has too many or too few hashes.
function included(leaf, m, n, path) {
  if (n === 1) return path.length ? undefined : leaf;
  if (!path.length) return undefined;
  const k = half(n);
  const last = path.at(-1);
  const rest = path.slice(0, -1);
  const below = m < k ? included(leaf, m, k, rest) : included(leaf, m - k, n - k, rest);
  return below && (m < k ? node(below, last) : node(last, below));
}

// continued are the roots of the first m and of all n leaves that a proof leads to
// (2.1.2), or undefined. known is the root of the first m where it is not in the proof.
function continued(m, n, proof, known) {
  if (m === n) {
    if (known) return proof.length ? undefined : [known, known];
    return proof.length === 1 ? [proof[0], proof[0]] : undefined;
  }
  if (!proof.length) return undefined;
  const k = half(n);
  const last = proof.at(-1);
  const rest = proof.slice(0, -1);
  const below = m <= k ? continued(m, k, rest, known) : continued(m - k, n - k, rest, undefined);
  if (!below) return undefined;
  return m <= k ? [below[0], node(below[1], last)] : [node(last, below[0]), node(last, below[1])];
}

const lp = (...parts) =>
  parts.flatMap((part) => {
    const bytes = Buffer.isBuffer(part) ? part : Buffer.from(part);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
const i64 = (n) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(n));
  return bytes;
};
const leafOf = (e) => sha256(Buffer.from([0]), ...lp("hasta-log/v1", e.type, i64(e.micros), e.actor, e.case, i64(e.case_n), e.key, e.commitment, e.id));
const commitmentOf = (salt, body) => sha256(...lp("hasta-log/v1 body", salt, body));

// ---- The pack ----

// named is the sum of the document that an entry names, or undefined.
const named = (e) => {
  const sha256 = e.says?.get("sha256");
  return typeof sha256 === "string" && sha256 !== "" ? sha256 : undefined;
};

// Pack is one file and what was found in it. What is wrong rejects it; what is open
// leaves it unproved.
class Pack {
  findings = [];
  growth = new Map(); // root by size, of earlier logs and of its own
  entries = new Map(); // by index
  constructor(file) {
    this.file = file;
  }
  wrong(file, at, reason) {
    this.findings.push({ file, at, reason, means: "rejected" });
  }
  open(file, at, reason) {
    this.findings.push({ file, at, reason, means: "unproved" });
  }
  // judged does something about one file; what is wrong there becomes a finding at
  // the place, and undefined is returned.
  judged(file, at, judge) {
    try {
      return judge();
    } catch (e) {
      if (!(e instanceof Wrong)) throw e;
      this.wrong(file, at + e.at, e.message);
      return undefined;
    }
  }
  json(name, shape) {
    const bytes = this.files.get(name);
    if (!bytes) return undefined; // said already: it is missing
    return this.judged(name, "", () => shape(parse(decoded(bytes)), ""));
  }
  // hasRoot compares a root with what the pack has for that size: undefined when it
  // has none.
  hasRoot(size, root) {
    return this.growth.get(size)?.equals(root);
  }
}

// listed compares the files of the container with those of the manifest (2).
function listed(pack) {
  const { manifest } = pack;
  const fixed = ["checkpoint.note", "entries.json", "growth.json", "log.pub", "summary.html"];
  const names = [...pack.files.keys()].slice(2);
  manifest.files.forEach((file, i) => {
    const at = `/files/${i}`;
    const bytes = pack.files.get(file.path);
    // Names of a container are ASCII: so must these be, and their order is that of bytes.
    if (i > 0 && manifest.files[i - 1].path >= file.path) pack.wrong("evidence.json", `${at}/path`, `${quoted(file.path)} does not come after the path before it`);
    if (names[i] !== file.path) pack.wrong("evidence.json", `${at}/path`, `${quoted(file.path)} is not the file at this place of the pack, which is ${names[i] ?? "not there"}`);
    if (!bytes || !names.includes(file.path)) return;
    if (bytes.length !== file.bytes) pack.wrong(file.path, "", `has ${bytes.length} bytes, and the manifest has ${file.bytes} (${at}/bytes)`);
    if (hex(sha256(bytes)) !== file.sha256) pack.wrong(file.path, "", `has the sum ${hex(sha256(bytes))}, and the manifest has ${file.sha256} (${at}/sha256)`);
  });
  for (const name of names.slice(manifest.files.length)) pack.wrong(name, "", "is not in the files of the manifest");
  const meant = new Set(fixed);
  manifest.documents.forEach((d, i) => {
    if (meant.has(d.path)) pack.wrong("evidence.json", `/documents/${i}/path`, `${quoted(d.path)} is named twice`);
    meant.add(d.path);
    if (!names.includes(d.path)) pack.wrong("evidence.json", `/documents/${i}/path`, `${quoted(d.path)} is not in the pack`);
  });
  for (const name of fixed) if (!names.includes(name)) pack.wrong(name, "", "is missing");
  for (const name of names) if (!meant.has(name)) pack.wrong(name, "", "is there, and is no document of the manifest");
}

// signatures checks who signed the manifest and the checkpoint (2, 3).
function signatures(pack) {
  const { manifest } = pack;
  pack.key = pack.judged("log.pub", "", () => {
    const line = decoded(pack.files.get("log.pub") ?? Buffer.alloc(0));
    if (!line.endsWith("\n")) throw new Wrong("line 1", "does not end with a line end");
    return readKey(line.slice(0, -1));
  });
  if (!pack.key) return;
  if (pack.key.name !== manifest.origin) pack.wrong("log.pub", "line 1", `is of ${quoted(pack.key.name)}, and the manifest is of ${quoted(manifest.origin)} (/origin)`);
  pack.judged("evidence.note", "", () => {
    const note = readNote(decoded(pack.files.get("evidence.note")));
    signed(note, pack.key);
    if (note.signatures.length !== 1) throw new Wrong("", `has ${note.signatures.length} signatures, not one`);
    const meant = [PACK, manifest.code, hex(sha256(pack.files.get("evidence.json"))), ""];
    const lines = note.text.split("\n");
    if (lines.length !== meant.length) throw new Wrong("", "has more or less than three lines of text");
    meant.forEach((line, i) => {
      if (line !== lines[i]) throw new Wrong(`line ${i + 1}`, `is ${quoted(lines[i])}, and must be ${quoted(line)}`);
    });
  });
  pack.judged("checkpoint.note", "", () => {
    const { size, root } = readCheckpoint(decoded(pack.files.get("checkpoint.note") ?? Buffer.alloc(0)), pack.key);
    if (size !== manifest.size) throw new Wrong("line 2", `is of ${size} entries, and the manifest of ${manifest.size} (/size)`);
    if (!root.equals(manifest.root)) throw new Wrong("line 3", "has another root than the manifest (/root)");
  });
  pack.growth.set(manifest.size, manifest.root);
}

// readBody reads what an entry says. It is an object, and each field stands once.
function readBody(body) {
  const read = parse(body);
  if (!(read instanceof Fields)) throw new Wrong("", "is no JSON object");
  return read;
}

// entries checks what the log says (4), and returns whether it could be read.
function entries(pack) {
  const { manifest } = pack;
  const name = "entries.json";
  const streams = new Map(); // entries that are there, by stream
  manifest.streams.forEach(({ stream }, i) => {
    const at = `/streams/${i}/stream`;
    if (i === 0 ? stream !== manifest.case : !stream.startsWith("req_")) pack.wrong("evidence.json", at, `is ${quoted(stream)}: the first is the case, the others are its requests`);
    if (streams.has(stream)) pack.wrong("evidence.json", at, `${quoted(stream)} stands twice`);
    streams.set(stream, 0);
  });
  if (!manifest.streams.length) pack.wrong("evidence.json", "/streams", "is empty: the departure is missing");
  const list = pack.json(name, entriesShape);
  if (!list) return false;
  list.forEach((e, i) => {
    const at = `/${i}`;
    if (i > 0 && e.index <= list[i - 1].index) pack.wrong(name, `${at}/index`, `is ${e.index}, after ${list[i - 1].index}: the order is that of the index, each once`);
    if (!pack.entries.has(e.index)) pack.entries.set(e.index, Object.assign(e, { at }));
    e.leaf = leafOf(e);
    if (e.index >= manifest.size) pack.wrong(name, `${at}/index`, `is ${e.index}, and the log has ${manifest.size} entries`);
    else if (!included(e.leaf, e.index, manifest.size, e.path)?.equals(manifest.root)) pack.wrong(name, `${at}/path`, "does not lead from the header to the root");
    if (streams.has(e.case)) {
      const n = streams.get(e.case) + 1;
      streams.set(e.case, n);
      if (e.case_n !== n) pack.wrong(name, `${at}/case_n`, `is ${e.case_n} where ${n} of ${e.case} must stand: an entry is missing or moved`);
    } else if (e.type !== "key.destroyed") pack.wrong(name, `${at}/case`, `is ${quoted(e.case)}, no stream of the manifest`);
    if ((e.salt === undefined) !== (e.body === undefined)) pack.wrong(name, at, "has one of salt and body, and not the other");
    else if (e.body !== undefined) {
      if (e.absent !== undefined) pack.wrong(name, `${at}/absent`, "is there, and so is the body");
      if (!commitmentOf(e.salt, e.body).equals(e.commitment)) pack.wrong(name, `${at}/body`, "and its salt do not give the commitment: it is not what was written then");
      // What a body says counts by its commitment only.
      else e.says = pack.judged(name, `${at}/body`, () => {
        try {
          return readBody(e.body);
        } catch (error) {
          throw error instanceof Wrong ? new Wrong("", `${error.at && `${error.at} `}${error.message}`) : error;
        }
      });
    }
  });
  manifest.streams.forEach(({ stream, entries }, i) => {
    if (streams.get(stream) !== entries) pack.wrong("evidence.json", `/streams/${i}/entries`, `is ${entries}, and ${streams.get(stream)} of ${stream} are in the pack`);
  });
  const destroyed = new Set(list.filter((e) => e.type === "key.destroyed").map((e) => e.says?.get("key")).filter((key) => typeof key === "string"));
  list.forEach((e, i) => {
    if (e.body !== undefined || e.salt !== undefined) {
      if (destroyed.has(e.key)) pack.wrong(name, `/${i}/body`, `is there, and ${e.key} is said to be destroyed`);
    } else if (e.absent === "destroyed") {
      if (!destroyed.has(e.key)) pack.wrong(name, `/${i}/absent`, `is "destroyed", and no entry of the pack says that ${quoted(e.key)} was: the body is hidden`);
    } else if (e.absent === "withheld") {
      if (manifest.contents !== "withheld") pack.wrong(name, `/${i}/absent`, 'is "withheld", and the pack says that its contents are included');
      if (e.type === "key.destroyed" || e.type === "certificate.issued") pack.wrong(name, `/${i}/absent`, `is "withheld", which ${e.type} never is`);
    } else pack.wrong(name, `/${i}`, "has no body and does not say why: it is hidden");
  });
  return true;
}

// growth checks that the log of the pack continues earlier ones (5).
function growth(pack) {
  const { manifest } = pack;
  const name = "growth.json";
  const list = pack.json(name, growthShape);
  list?.forEach((g, i) => {
    if (g.size <= (list[i - 1]?.size ?? 0) || g.size >= manifest.size) pack.wrong(name, `/${i}/size`, `is ${g.size}: it must be larger than the one before and smaller than ${manifest.size}`);
    pack.judged(name, `/${i}/checkpoint`, () => {
      const { size, root } = readCheckpoint(g.checkpoint, pack.key);
      if (size !== g.size || !root.equals(g.root)) throw new Wrong("", "is of another size or root than stands beside it");
    });
    if (g.size < manifest.size) {
      const roots = continued(g.size, manifest.size, g.proof, g.root);
      if (!roots || !roots[0].equals(g.root) || !roots[1].equals(manifest.root)) pack.wrong(name, `/${i}/proof`, `does not lead from the ${g.size} entries to the checkpoint of the pack`);
      pack.growth.set(g.size, g.root);
    }
  });
}

// receipt checks a proof of one entry by itself (6): signed, and its path holds.
function receipt(pack, file, at, r) {
  pack.judged(file, `${at}/checkpoint`, () => {
    const { size, root } = readCheckpoint(r.checkpoint, pack.key);
    if (size !== r.size || !root.equals(r.root)) throw new Wrong("", "is of another size or root than the receipt");
  });
  if (r.index >= r.size) pack.wrong(file, `${at}/index`, `is ${r.index}, and the log had ${r.size} entries`);
  else if (!included(r.leaf, r.index, r.size, r.path)?.equals(r.root)) pack.wrong(file, `${at}/path`, "does not lead from the leaf to the root");
}

// entryOf checks that the pack has the entry of a receipt.
function entryOf(pack, file, at, r) {
  const e = pack.entries.get(r.index);
  if (!e) pack.wrong(file, `${at}/index`, `is ${r.index}, and the pack has no such entry`);
  else {
    if (e.id !== r.entry) pack.wrong(file, `${at}/entry`, `is ${quoted(r.entry)}, and entry ${r.index} of the pack is ${quoted(e.id)}`);
    if (!e.leaf.equals(r.leaf)) pack.wrong(file, `${at}/leaf`, `is another than that of entry ${r.index} of the pack`);
  }
}

// accessList checks a list of accesses by itself (6): its note, and its proofs.
function accessList(pack, file, l, source) {
  pack.judged(file, "/note", () => {
    const note = readNote(l.note);
    signed(note, pack.key);
    const sumOfList = hex(sha256(compact(source)));
    if (note.text !== `${LIST}\n${l.code}\n${sumOfList}\n`) throw new Wrong("", `does not say the code ${quoted(l.code)} and the sum of the list, ${sumOfList}`);
  });
  l.proofs.forEach((r, i) => receipt(pack, file, `/proofs/${i}`, r));
}

// readList reads a list, and how its field list is written.
function readList(source) {
  const parsed = parse(source);
  const l = listShape(parsed, "");
  return [l, source.slice(...parsed.spans.get("list"))];
}

// documents checks what lies beside the entries (6).
function documents(pack) {
  const { manifest } = pack;
  const taken = new Map(); // by index of the entry: the place in the manifest that has it
  const take = (index, at) => {
    if (taken.has(index)) pack.wrong("evidence.json", at, `is ${index}, and so is ${taken.get(index)}`);
    else taken.set(index, at);
  };
  manifest.documents.forEach((d, i) => {
    const at = `/documents/${i}`;
    const bytes = pack.files.get(d.path);
    if (manifest.contents === "withheld" && d.kind !== "certificate" && d.kind !== "receipt") pack.wrong("evidence.json", `${at}/kind`, `is ${quoted(d.kind)}, and the contents are withheld`);
    if (d.entry === null) {
      if (d.kind === "certificate") pack.wrong("evidence.json", `${at}/entry`, "is null: a certificate always has its entry");
    } else {
      take(d.entry, `${at}/entry`);
      const e = pack.entries.get(d.entry);
      if (!e) pack.wrong("evidence.json", `${at}/entry`, `is ${d.entry}, and the pack has no such entry`);
      else if (!namers[d.kind].includes(e.type)) pack.wrong("evidence.json", `${at}/entry`, `is a ${quoted(e.type)}, which names no ${d.kind}`);
      else if (!bytes || named(e) !== hex(sha256(bytes))) pack.wrong(d.path, "", `is not what entry ${d.entry} names: entries.json#${e.at}/body has another sum, or none`);
    }
    if (!bytes) return;
    if (d.kind === "certificate")
      pack.judged(d.path, "", () => {
        // A certificate has fields of its own: of them only the code is of this page.
        const c = parse(decoded(bytes));
        if (!(c instanceof Fields) || c.get("code") !== manifest.code) throw new Wrong("/code", `is not ${quoted(manifest.code)}, the code of the manifest`);
      });
    else if (d.kind === "receipt") {
      const r = pack.json(d.path, receiptShape);
      if (!r) return;
      if (r.code !== manifest.code) pack.wrong(d.path, "/code", `is ${quoted(r.code)}, and the pack is of ${quoted(manifest.code)}`);
      receipt(pack, d.path, "", r);
      if (!pack.hasRoot(r.size, r.root)) pack.wrong(d.path, "/root", `and size ${r.size} are neither of the manifest nor of growth.json`);
      entryOf(pack, d.path, "", r);
    } else if (d.kind === "list") {
      const read = pack.judged(d.path, "", () => readList(decoded(bytes)));
      if (!read) return;
      const [l, source] = read;
      if (l.code !== manifest.code) pack.wrong(d.path, "/code", `is ${quoted(l.code)}, and the pack is of ${quoted(manifest.code)}`);
      accessList(pack, d.path, l, source);
      l.proofs.forEach((r, j) => {
        if (pack.hasRoot(r.size, r.root) === false) pack.wrong(d.path, `/proofs/${j}/root`, `is another than that of the pack for ${r.size} entries: the log signed two pasts`);
        if (r.index < manifest.size) entryOf(pack, d.path, `/proofs/${j}`, r);
      });
    }
  });
  manifest.absent.forEach((a, i) => {
    const at = `/absent/${i}`;
    take(a.entry, `${at}/entry`);
    if (a.why === "withheld" && manifest.contents !== "withheld") pack.wrong("evidence.json", `${at}/why`, 'is "withheld", and the contents are included');
    const e = pack.entries.get(a.entry);
    if (!e || !naming.has(e.type)) pack.wrong("evidence.json", `${at}/entry`, `is ${a.entry}, and no entry of the pack with that index names a document`);
    else if (named(e) !== a.sha256) pack.wrong("evidence.json", `${at}/sha256`, `is not what entry ${a.entry} says`);
    else if (e.type === "certificate.issued") pack.open("evidence.json", at, "is the certificate, which is not in the pack: ask for it");
  });
  for (const e of pack.entries.values())
    if (naming.has(e.type) && named(e) && !taken.has(e.index)) pack.wrong("entries.json", `${e.at}/body`, "names a document that is neither in the pack nor said to be absent");
}

// ---- 7. What is trusted ----

// readAnchor reads what somebody brings along: a key, or a file.
function readAnchor(given) {
  let source = given;
  let name = "--trust";
  try {
    if (statSync(given).size > 16 * MIB) throw new Wrong("", "is too large");
    source = decoded(readFileSync(given));
    name = given;
  } catch (e) {
    if (e.code !== "ENOENT" && e.code !== "ENAMETOOLONG") throw e;
  }
  if (/^\s*\{/.test(source)) {
    const format = parse(source).get("format");
    if (format === RECEIPT) return { name, kind: "receipt", receipts: [receiptShape(parse(source), "")] };
    if (format === LIST) {
      const [list, written] = readList(source);
      return { name, kind: "list", list, written, receipts: list.proofs };
    }
    throw new Wrong("/format", "is none of a receipt or a list of accesses");
  }
  if (source.trim().includes("\n")) {
    readNote(source);
    return { name, kind: "checkpoint", note: source };
  }
  return { name, kind: "key", line: readKey(source.trim()).line };
}

// trusted checks that a pack comes from whom somebody trusts (7).
function trusted(pack, anchor) {
  const { manifest, key } = pack;
  // continues checks the pack against a checkpoint that somebody had before.
  const continues = (at, size, root) => {
    const same = pack.hasRoot(size, root);
    if (same === false) pack.wrong(anchor.name, at, `has another root for ${size} entries than the pack: the past was rewritten`);
    else if (same === undefined)
      pack.open(anchor.name, at, `is of ${size} entries, ${size > manifest.size ? "more than the pack has: ask for a newer pack" : "which growth.json does not have: ask for a pack with this receipt"}`);
  };
  if (anchor.kind === "key") {
    if (anchor.line !== key.line) pack.wrong("log.pub", "line 1", "is another key than the one that is trusted");
  } else if (anchor.kind === "checkpoint") {
    const read = pack.judged(anchor.name, "", () => readCheckpoint(anchor.note, key));
    if (read) continues("line 2", read.size, read.root);
  } else {
    if (anchor.list) accessList(pack, anchor.name, anchor.list, anchor.written);
    anchor.receipts.forEach((r, i) => {
      const at = anchor.list ? `/proofs/${i}` : "";
      if (!anchor.list) receipt(pack, anchor.name, at, r);
      continues(`${at}/size`, r.size, r.root);
      if (r.code === manifest.code && r.index < manifest.size) entryOf(pack, anchor.name, at, r);
    });
  }
}

// check looks at all of a pack. It says as much as it can, and stops where nothing
// more can be said.
function check(file, anchors) {
  const pack = new Pack(file);
  const { size } = statSync(file);
  if (size > LONGEST) {
    pack.wrong("", "byte 0", `is too long for a pack: ${size} bytes`);
    return pack;
  }
  pack.files = pack.judged("", "", () => unpack(readFileSync(file)));
  if (!pack.files) return pack;
  pack.manifest = pack.json("evidence.json", manifestShape);
  if (!pack.manifest) return pack;
  listed(pack);
  signatures(pack);
  if (!pack.key) return pack;
  const read = entries(pack);
  growth(pack);
  if (!read) return pack; // what lies beside the entries cannot be compared with them
  documents(pack);
  for (const anchor of anchors) trusted(pack, anchor);
  return pack;
}

function verdict(pack, anchors) {
  const has = (means) => pack.findings.some((f) => f.means === means);
  if (has("rejected")) return "rejected";
  if (!anchors.length) return "origin_unknown";
  return has("unproved") ? "unproved" : "proved";
}
const status = { proved: 0, origin_unknown: 1, unproved: 1, rejected: 3 };

// told is a finding on one line: the file, the place in it, and what is there.
const told = ({ file, at, reason }) => `${[tame(file), tame(at)].filter(Boolean).join("#") || "the pack"}: ${tame(reason)}`;

function wrongUse(reason) {
  console.error(`${reason}\nnode evidence.mjs [--json] FILE... [--trust KEY|FILE]...: checks packs of evidence by docs/reference/evidence.md`);
  process.exit(2);
}

const packs = [];
const given = [];
let json = false;
const args = process.argv.slice(2);
while (args.length) {
  const arg = args.shift();
  if (arg === "--json") json = true;
  else if (arg === "--trust") given.push(args.shift() ?? wrongUse("--trust needs a key, a receipt, a list or a checkpoint"));
  else if (arg.startsWith("--")) wrongUse(`${quoted(arg)} is no option`);
  else packs.push(arg);
}
if (!packs.length) wrongUse("a pack is missing");
const anchors = given.map((one) => {
  try {
    return readAnchor(one);
  } catch (e) {
    return wrongUse(`${quoted(one)} is no key, receipt, list or checkpoint: ${e instanceof Wrong ? told({ file: "", at: e.at || "it", reason: e.message }) : e.message}`);
  }
});
let worst = 0;
for (const file of packs) {
  let pack;
  try {
    pack = check(file, anchors);
  } catch (e) {
    if (typeof e.code !== "string" || typeof e.syscall !== "string") throw e;
    wrongUse(`${quoted(file)} cannot be read: ${e.message}`);
  }
  const said = verdict(pack, anchors);
  const before = packs.length > 1 ? `${tame(file)}: ` : "";
  for (const finding of pack.findings) console.error(`${before}${told(finding)}`);
  if (json) console.log(JSON.stringify({ pack: file, verdict: said, findings: pack.findings.map(({ file, at, reason, means }) => ({ file, at, reason, means })) }));
  else console.log(`${before}${said}`);
  worst = Math.max(worst, status[said]);
}
process.exitCode = worst;
