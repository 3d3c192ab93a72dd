// What an envelope holds: entries as password managers have them, in the form of
// internal/envelope. The files that managers read in are made of them here, in the
// browser of whoever opens the envelope, and are nowhere else.
const fields = ["title", "user", "password", "address", "note"];
export const most = 50;

// pack is empty where nothing was typed that opens anything.
export function pack(list) {
  const entries = list
    .map((e) => Object.fromEntries(fields.map((f) => [f, (e[f] ?? "").trim()]).filter(([, v]) => v)))
    .filter((e) => Object.keys(e).some((f) => f !== "title"));
  return entries.every((e) => e.password || e.note) && entries.length ? JSON.stringify({ entries }) : "";
}

// unpack is empty for a text that is no entries.
export function unpack(text) {
  let read;
  try {
    read = JSON.parse(text);
  } catch {
    return [];
  }
  const list = read?.entries;
  const entry = (e) => e && typeof e === "object" && !Array.isArray(e) && Object.entries(e).every(([k, v]) => fields.includes(k) && typeof v === "string");
  if (!Array.isArray(list) || list.length > most || Object.keys(read).length > 1 || !list.every(entry)) return [];
  return list.map((e) => Object.fromEntries(fields.map((f) => [f, e[f] ?? ""])));
}

// bitwarden is the unencrypted export of Bitwarden, which most managers read in. An
// entry that nobody named has the name of the thing that it opens.
function bitwarden(entries, name) {
  const items = entries.map((e) => ({
    id: crypto.randomUUID(), organizationId: null, folderId: null, collectionIds: null, type: 1, reprompt: 0, favorite: false, name: e.title || name, notes: e.note || null, fields: [],
    login: { uris: e.address ? [{ match: null, uri: e.address }] : [], username: e.user || null, password: e.password || null, totp: null },
  }));
  return JSON.stringify({ encrypted: false, folders: [], items }, null, 2) + "\n";
}

const named = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;" };
// xml leaves out what no XML can hold.
const xml = (text) => text.replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "").replace(/[&<>"\r]/g, (c) => named[c]);
const uuid = () => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));

// keepass is what KeePass 2 exports as XML: its KDBX without the encryption.
function keepass(entries, name, now) {
  const at = now.toISOString().replace(/\.\d+/, "");
  const times = `<Times><CreationTime>${at}</CreationTime><LastModificationTime>${at}</LastModificationTime><LastAccessTime>${at}</LastAccessTime><ExpiryTime>${at}</ExpiryTime><Expires>False</Expires><UsageCount>0</UsageCount><LocationChanged>${at}</LocationChanged></Times>`;
  const string = (key, value, hidden = "") => `\n\t\t\t\t<String><Key>${key}</Key><Value${hidden}>${xml(value)}</Value></String>`;
  const all = entries.map((e) => `
\t\t\t<Entry>
\t\t\t\t<UUID>${uuid()}</UUID>
\t\t\t\t<IconID>0</IconID>
\t\t\t\t${times}${string("Title", e.title || name)}${string("UserName", e.user)}${string("Password", e.password, ' ProtectInMemory="True"')}${string("URL", e.address)}${string("Notes", e.note)}
\t\t\t</Entry>`).join("");
  return `<?xml version="1.0" encoding="utf-8" standalone="yes"?>
<KeePassFile>
\t<Meta>
\t\t<Generator>Hasta Luego</Generator>
\t\t<DatabaseName>${xml(name)}</DatabaseName>
\t\t<MemoryProtection><ProtectTitle>False</ProtectTitle><ProtectUserName>False</ProtectUserName><ProtectPassword>True</ProtectPassword><ProtectURL>False</ProtectURL><ProtectNotes>False</ProtectNotes></MemoryProtection>
\t\t<CustomIcons></CustomIcons>
\t</Meta>
\t<Root>
\t\t<Group>
\t\t\t<UUID>${uuid()}</UUID>
\t\t\t<Name>${xml(name)}</Name>
\t\t\t<IconID>48</IconID>
\t\t\t${times}
\t\t\t<IsExpanded>True</IsExpanded>${all}
\t\t</Group>
\t\t<DeletedObjects></DeletedObjects>
\t</Root>
</KeePassFile>
`;
}

// files are those that can be made, by name.
export const files = {
  bitwarden: { media: "application/json", make: bitwarden },
  keepass: { media: "application/xml", make: keepass },
};
