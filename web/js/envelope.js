// A secret is sealed in the browser of whoever gives it and opened in that of
// whoever gets it: the server sees neither the secret nor its key. Keys and locks are
// those of internal/envelope; without this script, or where a page is not served
// securely, the pages work as they stand.
import { files, most, pack, unpack } from "./passwords.mjs";

const subtle = window.isSecureContext && window.crypto && crypto.subtle;
const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const bytes = (text) => new TextEncoder().encode(text);
const hex = (raw) => [...new Uint8Array(raw)].map((b) => b.toString(16).padStart(2, "0")).join("");
const base64 = (raw) => btoa([...raw].map((b) => String.fromCharCode(b)).join(""));

function newKey() {
  const drawn = crypto.getRandomValues(new Uint8Array(25));
  return [...drawn].map((b) => letters[b & 31]).join("").match(/.{5}/g).join("-");
}

// parseKey reads a key as people type it; empty if it is none.
function parseKey(typed) {
  const key = typed.toUpperCase().replace(/[-\s]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
  return /^[0-9A-HJKMNP-TV-Z]{25}$/.test(key) ? key : "";
}

async function derive(key, what) {
  const from = await subtle.importKey("raw", bytes(key), "HKDF", false, ["deriveBits"]);
  return new Uint8Array(await subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: bytes("hasta envelope " + what) }, from, 256));
}

const proofOf = async (key) => base64(await derive(key, "proof")).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
const lockOf = async (key) => hex(await subtle.digest("SHA-256", bytes(await proofOf(key))));
const sealer = async (key, use) => subtle.importKey("raw", await derive(key, "seal"), "AES-GCM", false, [use]);

// What is sealed is bound to the thing that it opens.
async function seal(key, item, text) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const body = new Uint8Array(await subtle.encrypt({ name: "AES-GCM", iv, additionalData: bytes(item) }, await sealer(key, "encrypt"), bytes(text)));
  return base64(new Uint8Array([...iv, ...body]));
}

async function open(key, item, sealed) {
  const raw = Uint8Array.from(atob(sealed), (c) => c.charCodeAt(0));
  const plain = await subtle.decrypt({ name: "AES-GCM", iv: raw.slice(0, 12), additionalData: bytes(item) }, await sealer(key, "decrypt"), raw.slice(12));
  return new TextDecoder().decode(plain);
}

// typed is an entry of a form, as it stands in its group.
const typed = (group) => Object.fromEntries([...group.querySelectorAll("[name]")].map((field) => [field.name.replace("secret", "password").replace("entry", "title"), field.value.trim()]));

// another is one more group, empty, as long as an envelope holds it.
function another(form) {
  const groups = form.querySelectorAll("[data-entry]");
  form.querySelector("[data-another]").hidden = groups.length + 1 >= most;
  const group = groups[0].cloneNode(true);
  const suffix = "-" + groups.length;
  for (const at of ["id", "for", "aria-describedby", "aria-labelledby"]) {
    for (const e of group.querySelectorAll(`[${at}]`)) e.setAttribute(at, e.getAttribute(at).split(" ").map((id) => id + suffix).join(" "));
  }
  for (const field of group.querySelectorAll("[name]")) field.value = "";
  for (const error of group.querySelectorAll(".error")) error.remove();
  groups[groups.length - 1].after(group);
  group.querySelector("[name]").focus();
}

// Giving: the key of the page is put aside for one that was made here, and what is
// sent is sealed. To a key of age the server seals, and the file for a manager too,
// which is made here.
function gives(form) {
  const field = (name) => form.elements.namedItem(name);
  // What the server sent back keeps the key that may have been noted down already.
  const kept = "envelope " + form.dataset.item;
  const back = document.querySelector("[role=alert]") || form.querySelector(".error");
  const key = (back && sessionStorage.getItem(kept)) || newKey();
  sessionStorage.setItem(kept, key);
  form.querySelector("[data-key]").textContent = key;
  field("key").remove();
  for (const words of form.querySelectorAll("[data-sealed-here]")) words.hidden = false;
  const claims = () => {
    const here = field("way").value === "envelope" && !field("age").value.trim();
    for (const words of form.querySelectorAll("[data-claim]")) words.hidden = (words.dataset.claim === "here") !== here;
  };
  form.addEventListener("input", claims);
  claims();
  form.querySelector("[data-another]").addEventListener("click", () => another(form));
  form.addEventListener("submit", async (e) => {
    const groups = [...form.querySelectorAll("[data-entry]")];
    const inEnvelope = field("way").value === "envelope";
    const only = (disabled) => form.querySelectorAll("[data-entry] [name]").forEach((f) => (f.disabled = disabled)); // what is disabled is not sent
    only(!inEnvelope);
    if (!inEnvelope) return;
    groups.forEach((group, i) => {
      const { title, password, note, ...rest } = typed(group);
      const secret = group.querySelector('[name="secret"]');
      secret.value = password; // blanks alone are none
      secret.required = !password && !note && (i === 0 || Object.values(rest).some(Boolean));
    });
    const toAge = field("age").value.trim();
    const file = files[field("file_for").value];
    if (toAge && !file) return;
    e.preventDefault();
    if (!form.reportValidity()) return;
    const text = pack(groups.map(typed));
    if (toAge) {
      field("packed").value = file.make(unpack(text), form.dataset.name, new Date());
    } else {
      const plain = key.replaceAll("-", "");
      field("sealed").value = await seal(plain, form.dataset.item, text);
      field("lock").value = await lockOf(plain);
    }
    only(true);
    form.submit();
  });
}

// Opening: the server is shown that somebody has the key, gives out what is sealed,
// and keeps none of it.
function opens(form) {
  form.hidden = false;
  for (const words of document.querySelectorAll("[data-no-script]")) words.hidden = true;
  const field = (name) => form.elements.namedItem(name);
  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    const key = parseKey(field("key").value);
    form.querySelector("[data-malformed]").hidden = Boolean(key);
    if (!key) return field("key").focus();
    const answer = await fetch(form.action, { method: "POST", headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: new URLSearchParams({ proof: await proofOf(key) }) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.getElementById("main").replaceWith(page.getElementById("main"));
    document.title = page.title;
    start();
    const box = document.querySelector("[data-sealed]");
    if (!box) return;
    show(box, await open(key, box.dataset.item, box.dataset.sealed));
    delete box.dataset.sealed;
  });
}

// show fills a page with what was in the envelope: entries, or a text.
function show(box, text) {
  const entries = unpack(text);
  const part = (name) => box.parentElement.querySelector(`template[data-part="${name}"]`).content.cloneNode(true);
  if (!entries.length) {
    box.append(part("text"));
    box.querySelector("pre").textContent = text;
    return;
  }
  for (const entry of entries) {
    const facts = part("entry");
    for (const row of facts.querySelectorAll("[data-field]")) {
      if (entry[row.dataset.field]) row.querySelector("[data-value]").textContent = entry[row.dataset.field];
      else row.remove();
    }
    box.append(facts);
  }
  offer(box, entries);
}

// offer makes the files that a manager reads in.
function offer(box, entries) {
  const offered = box.parentElement.querySelector("[data-files]");
  for (const link of offered.querySelectorAll("[data-file]")) {
    const file = files[link.dataset.file];
    link.href = URL.createObjectURL(new Blob([file.make(entries, box.dataset.name, new Date())], { type: file.media }));
  }
  offered.hidden = false;
}

function start() {
  if (!subtle) return;
  document.querySelectorAll("form[data-gives]").forEach(gives);
  document.querySelectorAll("form[data-opens]").forEach(opens);
  document.querySelectorAll("[data-entries]").forEach((box) => offer(box, unpack(box.dataset.entries)));
}

start();
