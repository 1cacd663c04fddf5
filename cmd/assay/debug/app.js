// The page of assay debug. It sends what was pasted to the assay process that serves it, and shows the
// answer. It verifies nothing and decodes nothing. In the session storage of this tab it keeps the session,
// the key of the process, and the fields, except tokens and secrets.
"use strict";

const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

// h makes an element. It inserts text as text nodes, so that text cannot become markup.
function h(tag, properties, ...children) {
  return fill(document.createElement(tag), properties, children);
}

function s(tag, properties, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== ""));
  return element;
}

/* ---- The process behind the page ---- */

// What this tab keeps in its session storage: a reload finds it, other tabs do not.
const kept = {
  values: {},
  get: (name) => { try { return sessionStorage.getItem(name) || ""; } catch { return kept.values[name] || ""; } },
  set: (name, value) => { kept.values[name] = value; try { sessionStorage.setItem(name, value); } catch { /* this page only */ } },
  drop: (name) => { delete kept.values[name]; try { sessionStorage.removeItem(name); } catch { /* this page only */ } },
};
const SESSION = "assay-session"; // by which the process knows this tab
const PROOF_KEY = "assay-proof-key"; // by which this tab knows the process; it is never sent
const FIELDS = "assay-fields"; // what a reload puts back

// prose marks up the times and the quoted words of a sentence.
function prose(text) {
  return text.split(/("[^"]*"|\d{4}-\d\d-\d\dT[\d:.]+Z)/).map((part, i) => {
    if (i % 2 === 0) return part;
    return part[0] === '"' ? h("code", {}, part.slice(1, -1)) : h("time", { datetime: part }, clock(part));
  });
}

class Refused extends Error {
  constructor(status, answer) {
    super(answer.error || "assay answered with status " + status);
    this.status = status;
  }
}

// An Impostor is another process at the address of the process that served this page.
class Impostor extends Error {}

async function send(path, body, signal) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Assay-Session": kept.get(SESSION) },
    body: JSON.stringify(body),
    credentials: "omit", cache: "no-store", redirect: "error", referrerPolicy: "no-referrer", signal,
  });
  let answer;
  try { answer = await response.json(); } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Impostor();
  }
  if (!response.ok) throw new Refused(response.status, answer);
  return answer;
}

// Browsers offer crypto.subtle to pages of this machine, but not to a page that another machine sent over http
// (-insecure-listen): such a page cannot check a proof.
const canProve = Boolean(globalThis.crypto && crypto.subtle);
if (!canProve) $("home").textContent = "Tokens cross the network in the clear";

const bytes = (text) => new TextEncoder().encode(text);

function newNonce() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// check throws unless the answer to a nonce proves that the process has this tab's key.
async function check(nonce, proof, secret) {
  if (!canProve) return;
  const sum = /^[0-9a-f]{64}$/.test(proof) ? Uint8Array.from(proof.match(/../g), (hex) => parseInt(hex, 16)) : null;
  if (!sum || !secret) throw new Impostor();
  const key = await crypto.subtle.importKey("raw", bytes(secret), { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  if (!await crypto.subtle.verify("HMAC", key, sum, bytes("assay debug proof " + nonce))) throw new Impostor();
}

// call sends its data only after the process at this address has proved that it is the one that served this
// page: when that one has ended, another program may have its port.
async function call(path, body, signal) {
  if (canProve) {
    if (!kept.get(PROOF_KEY)) throw new Impostor();
    const nonce = newNonce();
    await check(nonce, (await send("/api/proof", { nonce }, signal)).proof, kept.get(PROOF_KEY));
  }
  return send(path, body, signal);
}

// begin exchanges the first secret of the link, once, for the session that this tab keeps.
async function begin() {
  const link = location.hash.slice(1);
  const half = link.length / 2;
  const fresh = LINK.test(location.hash);
  if (fresh) history.replaceState(null, "", location.pathname);
  const nonce = newNonce();
  try {
    const answer = await send("/api/session", { link: fresh ? link.slice(0, half) : "", nonce });
    const secret = answer.session === kept.get(SESSION) ? kept.get(PROOF_KEY) : link.slice(half);
    await check(nonce, answer.proof, secret);
    kept.set(SESSION, answer.session);
    kept.set(PROOF_KEY, secret);
    unlock();
    if (!begun) {
      begun = true;
      presets = { issuer: answer.issuer, audience: answer.audience };
      restore();
      if (!matchMedia("(pointer: coarse)").matches) $("token").focus();
    }
  } catch (error) {
    trouble(error);
  }
}
const LINK = /^#(?:[A-Z2-7]{2}){26,}$/;
let begun = false;
let presets = {}; // what the command line says of the fields

function notice(...children) {
  $("notice").replaceChildren(...children);
  $("notice").hidden = false;
}

// lock disables the page, for assistive technology too.
function lock(on) {
  $("form").inert = $("result").inert = on;
}

function unlock() {
  $("notice").hidden = true;
  lock(false);
}

// trouble shows why the page cannot work. Faults of a field are shown at the field.
function trouble(error) {
  if (error.name === "AbortError") return;
  if (error instanceof Impostor) {
    // A reload would load the other program's page, which could read what this tab keeps.
    kept.drop(SESSION);
    kept.drop(PROOF_KEY);
    kept.drop(FIELDS);
    lock(true);
    notice(h("strong", {}, "Another program answers at this address. "), "The assay process that served this page has ended. Your token was not sent. Close this tab, and start ", h("code", {}, "assay debug"), " again.");
  } else if (error instanceof Refused && error.status === 401) {
    lock(true);
    notice(h("strong", {}, "This page is locked. "), "Each link opens one tab, once. Open the newest link that assay has printed in your terminal.");
  } else if (error instanceof Refused) {
    notice(error.message);
  } else {
    notice(h("strong", {}, "assay does not answer. "), "If it was stopped, start it again with ", h("code", {}, "assay debug"), " and open the link that it prints.");
  }
}

/* ---- What is asked ---- */

const source = () => document.querySelector("input[name=source]:checked").value;

const words = (id) => $(id).value.split(/\s+/).filter(Boolean);
const comparing = () => !$("other-token").hidden;

function question(fetchKeys) {
  return {
    token: $("token").value,
    other: comparing() ? $("other").value : "",
    issuer: $("issuer").value.trim(),
    tenants: tenanted() ? words("tenants") : [],
    audience: words("audience"),
    clients: words("clients"),
    scopes: words("scopes"),
    source: source(),
    jwks: source() === "jwks" ? $("jwks").value.trim() : "",
    key: source() === "key" ? $("key").value : "",
    secret: source() === "secret" ? $("secret").value : "",
    secret_base64: $("base64").checked,
    algorithm: source() === "secret" ? $("algorithm").value : $("only").value,
    leeway: $("leeway").value.trim(),
    profile: $("profile").value,
    at: $("at").value.trim(),
    fetch: fetchKeys,
  };
}

// tenanted reports whether the issuer has the placeholder for a tenant.
const tenanted = () => $("issuer").value.includes("{tenantid}");

let running = null; // aborts the call under way
let timer = 0;

// ask shows assay's answer, and returns it. Only the button Verify makes assay fetch the issuer's keys.
async function ask(fetchKeys) {
  clearTimeout(timer);
  if (running) running.abort();
  const mine = running = new AbortController();
  const asked = question(fetchKeys);
  $("tenants-field").hidden = !tenanted();
  if (!asked.token.trim()) {
    faults([]);
    show(null);
    keep();
    return null;
  }
  $("verify").setAttribute("aria-busy", String(fetchKeys));
  try {
    const answer = await call("/api/explain", asked, mine.signal);
    if (mine !== running) return null;
    unlock();
    faults(answer.faults);
    show(answer);
    if (asked.key && !answer.faults.some((f) => f.field === "key")) taken = asked.key;
    keep();
    return answer;
  } catch (error) {
    if (mine === running) trouble(error);
    return null;
  } finally {
    if (mine === running) $("verify").setAttribute("aria-busy", "false");
  }
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(() => ask(false), 120);
}

/* ---- The fields ---- */

// faults shows at each field what is wrong with it.
function faults(all) {
  for (const field of document.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    describe(field, field.id + "-fault", false);
  }
  for (const text of document.querySelectorAll(".fault")) text.remove();
  for (const { field, text } of all) {
    const input = $(field);
    if (!input) continue;
    input.setAttribute("aria-invalid", "true");
    describe(input, field + "-fault", true);
    input.after(h("p", { class: "fault", id: field + "-fault" }, text));
    const more = input.closest("details");
    if (more) more.open = true;
  }
}

// describe adds an element to those that describe a field, or removes it.
function describe(field, id, add) {
  const ids = (field.getAttribute("aria-describedby") || "").split(" ").filter((other) => other && other !== id);
  if (add) ids.push(id);
  if (ids.length) field.setAttribute("aria-describedby", ids.join(" "));
  else field.removeAttribute("aria-describedby");
}

// What a reload puts back: no token and no secret.
const KEPT = ["issuer", "tenants", "audience", "clients", "scopes", "jwks", "key", "algorithm", "only", "leeway", "profile", "at"];

// keep stores the fields in this tab. It stores a key only if assay has accepted it, because another may be private.
function keep() {
  const fields = { source: source(), base64: $("base64").checked };
  for (const id of KEPT) fields[id] = $(id).value;
  if (fields.key !== taken) fields.key = "";
  kept.set(FIELDS, JSON.stringify(fields));
}
let taken = ""; // the key that assay took last

// restore puts the fields back as they were, or as the command line says.
function restore() {
  let fields = {};
  try { fields = JSON.parse(kept.get(FIELDS)) || {}; } catch { /* there are none */ }
  put(fields.source ? fields : presets);
}

function put(fields) {
  for (const id of KEPT) $(id).value = typeof fields[id] === "string" ? fields[id] : DEFAULTS[id] || "";
  taken = $("key").value;
  $("base64").checked = fields.base64 === true;
  const radio = document.querySelector('input[name=source][value="' + (["jwks", "key", "secret"].includes(fields.source) ? fields.source : "issuer") + '"]');
  radio.checked = true;
  $("more").open = ["clients", "scopes", "at", "only", "profile"].some((id) => $(id).value) || $("leeway").value !== DEFAULTS.leeway;
  pick();
}

const DEFAULTS = { leeway: "30", algorithm: "HS256" };

// forget empties all fields.
function forget() {
  for (const id of ["token", "other", "secret"]) $(id).value = "";
  kept.drop(FIELDS);
  put(presets);
  ask(false);
  $("token").focus();
}

/* ---- The token in its three colours ---- */

let badByte = -1;

// wrapped is what assay removed from each pasted text, and where the token begins in it.
let wrapped = {};

function colour() {
  paint("token", "mirror", "size", badByte);
  paint("other", "other-mirror", "other-size", -1);
}

function paint(field, mirror, size, badByte) {
  const text = $(field).value;
  const classes = ["part-h", "part-p", "part-s"];
  const index = (byte) => new TextDecoder().decode(bytes(text).slice(0, byte)).length;
  const bad = badByte < 0 ? -1 : index(badByte);
  const { taken_off: off, from } = wrapped[field] || {};
  const out = [];
  let at = off && from > 0 ? index(from) : 0;
  const around = off ? text.slice(at).search(/[^A-Za-z0-9_.=-]/) : -1; // what follows the token
  const end = off && from >= 0 && around >= 0 ? at + around : text.length;
  if (at > 0) out.push(h("span", { class: "between" }, marked(text.slice(0, at), 0, bad)));
  text.slice(at, end).split(".").forEach((part, i) => {
    if (i > 0) {
      out.push(h("span", { class: "between" }, marked(".", at, bad)));
      at++;
    }
    out.push(h("span", { class: classes[i] || "" }, marked(part, at, bad)));
    at += part.length;
  });
  if (end < text.length) out.push(h("span", { class: "between" }, marked(text.slice(end), end, bad)));
  $(mirror).replaceChildren(...out, "\u200b"); // so that an empty last line has a height
  const n = bytes(text.trim()).length;
  $(size).textContent = n ? n.toLocaleString("en") + (n === 1 ? " byte" : " bytes") : "No token yet";
  if (off) $(size).textContent += "; taken off: " + off.join(", ");
}

function marked(text, at, bad) {
  const i = bad - at;
  if (bad < 0 || i < 0 || i >= text.length) return [text];
  return [text.slice(0, i), h("mark", {}, text[i]), text.slice(i + 1)];
}

/* ---- The answer ---- */

// The answers that are shown before there is a token.
const NOTHING = [
  ["well_formed", "Is it well formed?", "Three parts, strict base64url and JSON, no surprises."],
  ["untampered", "Has it been tampered with?", "The signature holds, with exactly one key that you trust."],
  ["in_time", "Is it in its validity period?", "Issued, begun and not expired, give or take the leeway."],
  ["issuer", "Is it from the intended authority?", "Its issuer is yours, byte for byte."],
  ["audience", "Is it meant for this application?", "Its audience names your application."],
].map(([question, title, text]) => ({ question, title, verdict: "SKIP", texts: [text], hints: [], steps: [] }));

// banner changes its text only if it differs, so that screen readers read only changes.
function banner(tone, stamps, say, sub, hint) {
  const all = JSON.stringify([tone, stamps, say, sub, hint]);
  if (banner.all === all) return;
  banner.all = all;
  $("banner").className = "banner " + tone;
  $("stamp").replaceChildren(...stamps.map((text) => h("span", {}, text)));
  $("say").replaceChildren(...prose(say));
  $("sub").replaceChildren(...prose(sub));
  $("banner-hint").hidden = !hint;
  $("banner-hint").replaceChildren(...(hint ? [h("b", {}, "Hint: "), ...prose(hint)] : []));
}

let shown = null;

function show(answer) {
  shown = answer;
  badByte = answer && answer.bad_byte != null ? answer.bad_byte : -1;
  const both = answer && answer.comparison;
  wrapped = { token: answer || {}, other: both ? both.right : {} };
  colour();
  $("five").hidden = Boolean(both);
  $("questions").replaceChildren(...(answer ? answer.questions : NOTHING).map((q) => questionCard(q, !answer)));
  $("strip").replaceChildren(...(answer && !both ? answer.questions.map((q) => h("li", { class: q.verdict.toLowerCase() }, sign(q.verdict), SHORT[q.question])) : []));
  for (const id of ["time", "header", "payload", "signature", "report", "comparison"]) $(id).hidden = true;
  suggest("issuer", answer && answer.claimed_issuer);
  suggest("audience", answer && answer.claimed_audience);
  $("copied").textContent = "";
  if (!answer) {
    banner("idle", ["UNVERIFIED"], "Paste a token to see what it says.", "It is decoded as you paste, and believed only when its signature holds.");
    return;
  }
  $("report").hidden = false;
  $("plain").textContent = both ? both.plain : answer.plain;
  if (both) {
    compared(both);
    return;
  }
  banner(answer.tone, answer.stamps, answer.say, answer.sub, answer.hint);
  for (const id of ["header", "payload", "signature"]) {
    const badge = document.querySelector("#" + id + " .badge");
    badge.textContent = answer.verified ? "VERIFIED" : "UNVERIFIED";
    badge.className = "badge " + (answer.verified ? "good" : "open");
  }
  fields("header", answer.header);
  fields("payload", answer.claims);
  $("signature-text").textContent = answer.signature;
  $("signature").hidden = !answer.signature;
  timeline(answer);
}

// SHORT names the questions where there is no room.
const SHORT = { well_formed: "Form", untampered: "Signature", in_time: "Time", issuer: "Issuer", audience: "Audience" };

/* ---- Two tokens ---- */

function compared(both) {
  const tone = both.left.tone === both.right.tone ? both.left.tone : "open";
  banner(tone, [both.left, both.right].map((side, i) => "AB"[i] + ": " + side.stamps[0]), both.say, "");
  $("comparison").hidden = false;
  $("sides").replaceChildren(...[both.left, both.right].map((side, i) => h("div", { class: "side " + side.tone },
    h("h3", {}, "Token " + "AB"[i]),
    h("p", { class: "stamp" }, side.stamps.map((text) => h("span", {}, text))),
    h("p", { class: "side-say" }, prose(side.say)),
    side.hint ? h("p", { class: "hint" }, h("b", {}, "Hint: "), prose(side.hint)) : "")));
  const of = (kind) => both.rows.filter((row) => row.kind === kind);
  const parts = [];
  if (of("differs").length) parts.push(h("h3", {}, "What differs"), table("What differs", of("differs")));
  if (of("usual").length) parts.push(h("h3", {}, "Differs between any two tokens"), table("Differs between any two tokens", of("usual")));
  if (of("same").length) parts.push(h("details", {}, h("summary", {}, "The same: " + of("same").length), table("The same", of("same"))));
  $("rows").replaceChildren(...parts);
}

// table has two lines of each row, so that it fits a phone: the name, and what A and B have.
function table(caption, rows) {
  return h("table", { "aria-label": caption },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "A"), h("th", { scope: "col" }, "B"))),
    rows.map((row) => h("tbody", { "data-row": row.part + " " + row.name },
      h("tr", {}, h("th", { scope: "rowgroup", colspan: 2 }, row.part === "check" ? row.name : [h("code", {}, row.name), " ", h("span", { class: "quiet" }, row.part)],
        common(row) ? h("p", { class: "note" }, common(row)) : "", row.note ? h("p", { class: "note" }, row.note) : "")),
      h("tr", {}, cell(row, row.left), cell(row, row.right)))));
}

// common returns the meaning of a name if it is the same in both tokens.
const common = (row) => row.left.absent || row.right.absent || row.left.meaning === row.right.meaning ? row.left.meaning || row.right.meaning : "";

function cell(row, side) {
  if (side.absent) return h("td", {}, h("span", { class: "quiet" }, "absent"));
  const check = row.part === "check";
  return h("td", { class: check ? side.value.toLowerCase() : "part-" + row.part[0] + "-box" },
    check ? h("p", { class: "verdict" }, side.value) : h("pre", {}, side.value),
    side.meaning && !common(row) ? h("p", { class: "meaning" }, prose(side.meaning)) : "");
}

function compareTwo(on) {
  $("other-token").hidden = !on;
  $("compare").setAttribute("aria-pressed", String(on));
  $("compare").textContent = on ? "Stop comparing" : "Compare two";
  $("token-label").textContent = on ? "Token A" : "Token";
  colour();
  ask(false);
  if (on) $("other").focus();
}

/* ---- One token ---- */

function sign(verdict) {
  const d = { PASS: "M8.5 14.4l3.8 3.8 7.4-8.4", FAIL: "M9.5 9.5l9 9M18.5 9.5l-9 9", SKIP: "M9.5 14h9" }[verdict];
  return s("svg", { class: "sign", viewBox: "0 0 28 28", "aria-hidden": "true", focusable: "false" }, s("path", { d }));
}

function questionCard(q, idle) {
  const answers = h("div", { class: "answers" }, q.texts.map((text) => h("p", { class: "answer" }, prose(text))));
  for (const hint of q.hints) answers.append(h("p", { class: "hint" }, h("b", {}, "Hint: "), prose(hint)));
  if (q.steps.length) {
    answers.append(h("details", { class: "steps" },
      h("summary", {}, q.steps.length === 1 ? "1 check" : q.steps.length + " checks"),
      h("ul", {}, q.steps.map((step) => h("li", { class: step.verdict.toLowerCase() },
        h("b", {}, step.verdict), h("span", {}, h("code", { class: "name" }, step.name), " ", prose(step.text)))))));
  }
  return h("li", { class: "question " + q.verdict.toLowerCase(), "data-question": q.question },
    sign(q.verdict), h("h3", {}, q.title), idle ? "" : h("p", { class: "verdict" }, q.verdict), answers);
}

function fields(id, all) {
  $(id).hidden = !all || !all.length;
  $(id).querySelector("dl").replaceChildren(...(all || []).map((f) => h("div", { "data-field": f.name },
    h("dt", {}, f.name),
    h("dd", {}, value(f)),
    h("dd", { class: "meaning" }, prose(f.meaning || "")))));
}

// value makes a long value scrollable with the keyboard.
function value(f) {
  const long = f.value.length > 400;
  return h("pre", long ? { tabindex: "0", role: "region", "aria-label": "Value of " + f.name } : {}, f.value);
}

// suggest offers what the token says of itself. A user who accepts it lets the token answer the question about itself.
function suggest(id, claimed) {
  const use = $(id + "-use");
  if (!claimed || $(id).value.trim()) {
    use.replaceChildren();
    return;
  }
  const button = h("button", { type: "button", class: "chip" }, "Use ", h("code", {}, claimed), ", as the token says, if that is who you trust");
  button.addEventListener("click", () => {
    $(id).value = claimed;
    $(id).focus();
    ask(false);
  });
  use.replaceChildren(button);
}

/* ---- The timeline ---- */

// human tells a number of seconds in at most two units.
function human(seconds) {
  const units = [["y", 31536000], ["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  let left = Math.round(Math.abs(seconds));
  const words = [];
  for (const [unit, size] of units) {
    const n = Math.floor(left / size);
    if (n > 0) words.push(n + " " + unit);
    if (words.length === 2 || (words.length === 1 && n === 0)) break;
    left -= n * size;
  }
  return words.join(" ") || "0 s";
}

function relative(seconds) {
  if (Math.abs(seconds) < 0.5) return "now";
  return seconds < 0 ? human(seconds) + " ago" : "in " + human(seconds);
}

const NAMES = { iat: "Issued at", nbf: "Not before", exp: "Expires at", now: "Judged at" };

// clock writes a moment of the process, which may have fractions, in UTC.
function clock(text) {
  return text.replace("T", " ").replace(/(\.\d+)?Z$/, " UTC");
}

function timeline(answer) {
  const events = [["iat", answer.issued_at], ["nbf", answer.not_before], ["exp", answer.expires_at]]
    .filter(([, text]) => text)
    .map(([code, text]) => ({ code, text, t: Date.parse(text) / 1000 }))
    .filter((e) => Number.isFinite(e.t));
  $("time").hidden = !events.length;
  if (!events.length) return;
  const now = { code: "now", text: answer.at, t: Date.parse(answer.at) / 1000 };
  $("time-leeway").textContent = answer.leeway ? "Leeway " + human(answer.leeway) + ", hatched" : "No leeway";
  $("times").replaceChildren(...[...events, now].map((e) => h("div", {},
    h("dt", {}, h("code", {}, e.code), NAMES[e.code]),
    h("dd", {}, h("time", { datetime: e.text }, clock(e.text)), h("span", {}, e !== now ? relative(e.t - now.t) : answer.at_given ? "as you asked, and not now" : "by this machine’s clock")))));
  draw(answer, events, now);
}

// scale places moments on the timeline. Distances are proportional where that leaves them visible; a long
// stretch outside of the validity period is shortened, and drawn with a gap.
function scale(points, leeway, begin, end, from, to) {
  const gaps = [];
  for (let i = 1; i < points.length; i++) gaps.push(points[i] - points[i - 1]);
  const total = gaps.reduce((a, b) => a + b, 0) || 1;
  let share = gaps.map((gap) => gap / total);
  const broken = share.map((x, i) => (points[i] >= end || points[i + 1] <= begin) && gaps[i] > leeway * 1.001 && gaps[i] > 4 * (total - gaps[i]));
  share = share.map((x, i) => Math.max(broken[i] ? 0.45 : x, gaps[i] <= leeway * 1.001 ? 0.045 : 0.1));
  const sum = share.reduce((a, b) => a + b, 0);
  const at = [from];
  share.forEach((x) => at.push(at[at.length - 1] + (x / sum) * (to - from)));
  return {
    x: (t) => at[points.indexOf(t)],
    breaks: broken.map((is, i) => is ? (at[i] + at[i + 1]) / 2 : -1).filter((x) => x >= 0),
  };
}

function draw(answer, events, now) {
  const box = $("timeline");
  const width = Math.max(240, Math.floor(box.clientWidth));
  const of = (code) => events.find((e) => e.code === code);
  const begin = Math.max(...["iat", "nbf"].map((code) => of(code) ? of(code).t : -Infinity));
  const end = of("exp") ? of("exp").t : Infinity;
  const edges = [];
  if (begin > -Infinity) edges.push(begin - answer.leeway);
  if (end < Infinity) edges.push(end + answer.leeway);
  const points = [...new Set([...events.map((e) => e.t), now.t, ...edges])].sort((a, b) => a - b);
  const to = scale(points, answer.leeway, begin, end, 34, width - 34);
  const x = (t) => t === -Infinity ? 0 : t === Infinity ? width : to.x(t);

  const rail = 58;
  const parts = [
    s("defs", {}, s("pattern", { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      s("line", { class: "hatch", x1: 0, y1: 0, x2: 0, y2: 6 }))),
    s("line", { class: "rail", x1: 0, x2: width, y1: rail, y2: rail }),
  ];
  const lawful = begin < end;
  if (lawful) parts.push(s("rect", { class: "window", x: x(begin), width: x(end) - x(begin), y: rail - 13, height: 26 }));
  const grace = (a, b) => {
    if (!answer.leeway) return;
    parts.push(s("rect", { class: "grace", x: x(a), width: Math.max(0, x(b) - x(a)), y: rail - 13, height: 26 }));
    parts.push(s("rect", { class: "grace-edge", x: x(a), width: Math.max(0, x(b) - x(a)), y: rail - 13, height: 26 }));
  };
  if (begin > -Infinity) grace(begin - answer.leeway, begin);
  if (end < Infinity) grace(end, end + answer.leeway);
  for (const at of to.breaks) {
    parts.push(s("rect", { class: "gap", x: at - 7, width: 14, y: rail - 14, height: 28 }));
    parts.push(s("path", { class: "break", d: `M${at - 9} ${rail + 8}l4 -16M${at + 5} ${rail + 8}l4 -16` }));
  }

  // Moments at the same place share a label; labels that would touch get rows of their own.
  const marks = [];
  for (const e of [...events].sort((a, b) => a.t - b.t)) {
    const same = marks.find((m) => m.t === e.t);
    if (same) same.code += " = " + e.code;
    else marks.push({ t: e.t, code: e.code });
  }
  const ends = [];
  for (const m of marks) {
    m.x = x(m.t);
    m.words = relative(m.t - now.t);
    const half = Math.max(m.code.length * 8, m.words.length * 7) / 2 + 6;
    m.middle = Math.min(Math.max(m.x, half), width - half);
    m.row = ends.findIndex((right) => right <= m.middle - half);
    if (m.row < 0) m.row = ends.length;
    ends[m.row] = m.middle + half;
  }
  for (const m of marks) {
    const top = rail + 36 + m.row * 40;
    if (m.row > 0) parts.push(s("line", { class: "lead", x1: m.x, x2: m.x, y1: rail + 17, y2: top - 13 }));
    parts.push(s("line", { class: "tick", x1: m.x, x2: m.x, y1: rail - 16, y2: rail + 16 }));
    parts.push(s("text", { class: "code", x: m.middle, y: top, "text-anchor": "middle" }, m.code));
    parts.push(s("text", { x: m.middle, y: top + 17, "text-anchor": "middle" }, m.words));
  }
  const flag = Math.min(Math.max(x(now.t), 24), width - 24);
  parts.push(s("line", { class: "now", x1: x(now.t), x2: x(now.t), y1: 26, y2: rail + 16 }));
  parts.push(s("rect", { class: "now-flag", x: flag - 24, y: 4, width: 48, height: 24, rx: 12 }));
  parts.push(s("text", { class: "now-text", x: flag, y: 20.5, "text-anchor": "middle" }, answer.at_given ? "then" : "now"));

  const height = rail + 36 + Math.max(1, ends.length) * 40 - 14;
  const verdict = answer.questions.find((q) => q.question === "in_time").verdict;
  const tone = verdict === "FAIL" ? "outside" : verdict === "PASS" ? "inside" : "unknown";
  const label = [...marks].map((m) => m.code + " " + m.words).join(", ") + ", leeway " + human(answer.leeway);
  box.replaceChildren(s("svg", { class: tone, viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": "Timeline: " + label }, parts));
}

/* ---- Hands ---- */

async function verify() {
  if (!$("token").value.trim()) {
    show(null);
    banner("open", ["UNVERIFIED"], "There is no token yet.", "Paste one into the field Token.");
    $("token").focus();
    return;
  }
  const answer = await ask(true);
  if (!answer) return;
  const wrong = answer.faults.map((f) => $(f.field)).find(Boolean);
  if (wrong) {
    wrong.focus();
  } else {
    $("result").focus({ preventScroll: true });
    reveal();
  }
}

// reveal scrolls to the answer at once if it is out of sight: a smooth scroll would stop when the page changes.
function reveal() {
  const top = $("banner").getBoundingClientRect().top;
  if (top < 0 || top > innerHeight - 120) $("banner").scrollIntoView({ block: "start", behavior: "instant" });
}

function pick() {
  for (const which of ["issuer", "jwks", "key", "secret"]) $("source-" + which).hidden = source() !== which;
  $("only-field").hidden = source() === "secret"; // which has its own
  soon();
}

// clear removes the token and keeps the other fields.
function clear() {
  for (const id of ["token", "other"]) $(id).value = "";
  $("token-file").value = "";
  ask(false);
  $("token").focus();
}

const MOST = 1 << 19; // bytes of a file: what a key set may have

async function take(file, id) {
  if (!file) return;
  if (file.size > MOST) {
    banner("open", ["UNVERIFIED"], "The file " + file.name + " is too large to be a token or a key.", "Nothing was read.");
    return;
  }
  const text = await file.text();
  $(id).value = id === "key" ? text : text.trim();
  colour();
  ask(false);
}

async function example(kind) {
  try {
    const e = await call("/api/example", { kind });
    $("token").value = e.token;
    $("issuer").value = e.issuer;
    $("audience").value = e.audience;
    $("key").value = e.key;
    document.querySelector("input[name=source][value=key]").checked = true;
    pick();
    if (await ask(false)) reveal();
  } catch (error) {
    trouble(error);
  }
}

$("form").addEventListener("submit", (event) => { event.preventDefault(); verify(); });
$("form").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); verify(); }
});
$("token").addEventListener("input", () => { badByte = -1; delete wrapped.token; colour(); soon(); });
$("other").addEventListener("input", () => { delete wrapped.other; colour(); soon(); });
for (const id of ["issuer", "tenants", "audience", "clients", "scopes", "jwks", "key", "secret", "leeway", "at"]) $(id).addEventListener("input", soon);
for (const id of ["algorithm", "only", "profile", "base64"]) $(id).addEventListener("change", soon);
for (const radio of document.querySelectorAll("input[name=source]")) radio.addEventListener("change", pick);
$("reveal").addEventListener("change", () => $("secret").classList.toggle("masked", !$("reveal").checked));
$("clear").addEventListener("click", clear);
$("forget").addEventListener("click", forget);
$("compare").addEventListener("click", () => compareTwo(!comparing()));
$("swap").addEventListener("click", () => {
  [$("token").value, $("other").value] = [$("other").value, $("token").value];
  ask(false);
});
$("token-file").addEventListener("change", () => take($("token-file").files[0], "token"));
for (const button of document.querySelectorAll("[data-example]")) button.addEventListener("click", () => example(button.dataset.example));
$("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText($("plain").textContent);
    $("copied").textContent = "Copied";
  } catch {
    getSelection().selectAllChildren($("plain"));
    $("copied").textContent = "Selected: press Ctrl C";
  }
});

// Files can be dropped on the token or on the key. Elsewhere a dropped file would replace the page, so it is refused.
for (const type of ["dragover", "drop"]) window.addEventListener(type, (event) => event.preventDefault());
for (const [area, id] of [["editor", "token"], ["other-editor", "other"], ["source-key", "key"]]) {
  $(area).addEventListener("dragover", () => $(area).classList.add("over"));
  $(area).addEventListener("dragleave", () => $(area).classList.remove("over"));
  $(area).addEventListener("drop", (event) => {
    $(area).classList.remove("over");
    const file = event.dataTransfer.files[0];
    if (file) { take(file, id); return; }
    $(id).value = event.dataTransfer.getData("text");
    colour();
    ask(false);
  });
}

window.addEventListener("hashchange", () => { if (LINK.test(location.hash)) begin(); });
new ResizeObserver(() => { if (shown && !shown.comparison) timeline(shown); }).observe($("timeline"));

show(null);
begin();
