// The zones' editor: what is drawn and what the form says, with undo, saved over the API.
import { send } from "./app.js";
import { ZoneCanvas } from "./zone-canvas.js";

const page = document.querySelector("[data-zones]");
const part = (name) => page.querySelector(`[data-${name}]`);
const button = (name) => document.querySelector(`[data-do="${name}"]`);
const said = page.dataset;
const api = `/api/cameras/${encodeURIComponent(said.camera)}`;
const DAYS = ["daily", "weekdays", "weekends", "mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const CLASSES = ["car", "motorcycle", "bus", "truck"];

const AGAIN_MS = 2000;

const form = part("form");
const problem = part("problem");
const model = { zones: [], chosen: -1 };
let rules = {};
let revision = "";
let past = [];
let future = [];
let now = "[]";
let saved = "[]";
let mergeable = false;

const canvas = new ZoneCanvas(part("canvas"), model, {
  choose,
  changed,
  corner: (name, number) => said.corner.replace("{name}", name).replace("{number}", number),
  add(polygon) {
    let number = model.zones.length + 1;
    const named = () => said.newName.replace("{number}", number);
    while (model.zones.some((zone) => zone.name === named())) number += 1;
    model.zones.push({ name: named(), kind: "no_parking", polygon });
    model.chosen = model.zones.length - 1;
    changed(false);
  },
  remove,
  drawing(on) {
    button("draw").setAttribute("aria-pressed", String(on));
    part("status").textContent = on ? said.drawing : "";
  },
});

function choose(index) {
  model.chosen = index;
  show();
}

function remove(index) {
  if (index < 0) return;
  model.zones.splice(index, 1);
  model.chosen = -1;
  changed(false);
  part("list").querySelector("button")?.focus();
}

// Steps by arrow keys are one change.
function changed(merge, atOnce = true) {
  const next = JSON.stringify(model.zones);
  if (next !== now) {
    if (!(merge && mergeable)) past.push(now);
    mergeable = merge;
    now = next;
    future = [];
  }
  show(atOnce);
}

function travel(from, to) {
  if (!from.length) return;
  to.push(now);
  now = from.pop();
  model.zones = JSON.parse(now);
  if (model.chosen >= model.zones.length) model.chosen = -1;
  mergeable = false;
  show();
}

function show(atOnce = true) {
  // A field that is left says so before the focus has come to the corner it goes to: that must still be there.
  if (atOnce) canvas.draw();
  else setTimeout(() => canvas.draw());
  button("undo").disabled = !past.length;
  button("redo").disabled = !future.length;
  button("save").disabled = now === saved || !revision;
  if (now !== saved) part("status").textContent = said.unsaved;
  const list = part("list");
  list.replaceChildren(...model.zones.map((zone, index) => {
    const item = document.createElement("li");
    const choice = document.createElement("button");
    const name = document.createElement("strong");
    const kind = document.createElement("span");
    choice.type = "button";
    choice.setAttribute("aria-pressed", String(index === model.chosen));
    choice.addEventListener("click", () => { choose(index); list.querySelectorAll("button")[index]?.focus(); });
    name.textContent = zone.name;
    kind.textContent = form.elements.kind.querySelector(`[value="${zone.kind}"]`)?.textContent ?? zone.kind;
    choice.append(name, kind);
    item.append(choice);
    return item;
  }));
  part("none").hidden = model.zones.length > 0;
  fill();
}

function fill() {
  const zone = model.zones[model.chosen];
  form.hidden = !zone;
  if (!zone) return;
  const { elements } = form;
  const put = (field, value) => { if (field !== document.activeElement) field.value = value; };
  put(elements.name, zone.name);
  elements.kind.value = zone.kind;
  put(elements.dwell_s, zone.dwell_s ?? rules[zone.kind]?.dwell_s ?? "");
  put(elements.photo_gap_s, zone.photo_gap_s ?? rules[zone.kind]?.photo_gap_s ?? "");
  for (const box of elements.classes) box.checked = (zone.classes ?? CLASSES).includes(box.value);
  for (const day of DAYS) put(elements[day], (zone.hours?.[day] ?? []).join(", "));
  const hours = part("hours-said");
  hours.textContent = zone.hours ? Object.values(zone.hours).flat().slice(0, 2).join(", ") : hours.dataset.always;
  elements.holidays.checked = zone.holidays === "skip";
  put(elements.allowed_plates, (zone.allowed_plates ?? []).join(", "));
  elements.report_unread.checked = zone.report_unread === true;
}

const words = (text) => text.split(/[,\n]+/).map((word) => word.trim()).filter(Boolean);

function set(zone, key, value) {
  if (value === undefined) delete zone[key];
  else zone[key] = value;
}

function seconds(field, usual) {
  const value = field.valueAsNumber;
  return Number.isNaN(value) || value === usual ? undefined : value;
}

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("change", (event) => {
  const zone = model.zones[model.chosen];
  const { elements } = form;
  const field = event.target;
  const rule = rules[zone.kind] ?? {};
  if (field.name === "name") zone.name = field.value.trim() || zone.name;
  else if (field.name === "kind") zone.kind = field.value;
  else if (field.name === "dwell_s" || field.name === "photo_gap_s") {
    set(zone, field.name, seconds(field, rule[field.name]));
  } else if (field.name === "classes") {
    const chosen = [...elements.classes].filter((box) => box.checked).map((box) => box.value);
    set(zone, "classes", chosen.length === CLASSES.length ? undefined : chosen);
  } else if (DAYS.includes(field.name)) {
    const named = DAYS.map((day) => [day, words(elements[day].value)]).filter(([, spans]) => spans.length);
    set(zone, "hours", named.length ? Object.fromEntries(named) : undefined);
  } else if (field.name === "holidays") set(zone, "holidays", field.checked ? "skip" : undefined);
  else if (field.name === "report_unread") set(zone, "report_unread", field.checked || undefined);
  else if (field.name === "allowed_plates") {
    const plates = words(field.value);
    set(zone, "allowed_plates", plates.length ? plates : undefined);
  }
  changed(false, false);
});

function bare(zone) {
  return Object.fromEntries(Object.entries(zone).filter(([, value]) => value !== null));
}

function take(answer) {
  revision = answer.revision;
  rules = Object.fromEntries(answer.rules.map((rule) => [rule.kind, rule]));
  model.zones = answer.zones.map(bare);
  now = saved = JSON.stringify(model.zones);
  mergeable = false;
}

async function told(answer) {
  try {
    return (await answer.json()).detail ?? said.failed;
  } catch {
    return said.failed;
  }
}

async function load() {
  const answer = await fetch(`${api}/zones`);
  if (answer.ok) take(await answer.json());
  else {
    problem.textContent = await told(answer);
    problem.hidden = false;
  }
  show();
}

async function save() {
  if (button("save").disabled) return;
  button("save").disabled = true;
  problem.hidden = true;
  try {
    const answer = await send(`${api}/zones`, {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ revision, zones: model.zones }),
    });
    if (answer.ok) {
      take(await answer.json());
      past = [];
      future = [];
      show();
      part("status").textContent = said.saved;
      return;
    }
    problem.textContent = await told(answer);
  } catch {
    problem.textContent = said.failed;
  }
  problem.hidden = false;
  show();
}

async function newPicture() {
  const image = part("picture");
  button("picture").disabled = true;
  try {
    const answer = await fetch(`${api}/picture`);
    if (answer.status !== 200) throw new Error(String(answer.status));
    const before = image.src;
    image.src = URL.createObjectURL(await answer.blob());
    await image.decode();
    if (before) URL.revokeObjectURL(before);
    image.hidden = false;
    part("stage").classList.add("has-picture");
    canvas.size(image.naturalWidth, image.naturalHeight);
    const taken = new Date(answer.headers.get("X-Taken-At"));
    part("taken").textContent = said.taken.replace("{time}", taken.toLocaleString(document.documentElement.lang));
  } catch {
    part("taken").textContent = said.noPicture;
    // A camera that was added just now sends its first picture within seconds.
    if (image.hidden) setTimeout(newPicture, AGAIN_MS);
  }
  button("picture").disabled = false;
}

const actions = {
  undo: () => travel(past, future),
  redo: () => travel(future, past),
  save,
  draw: () => (canvas.sketch ? canvas.giveUp() : canvas.begin()),
  picture: newPicture,
  delete: () => remove(model.chosen),
};
for (const [name, action] of Object.entries(actions)) button(name).addEventListener("click", action);

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey)) return;
  const key = event.key.toLowerCase();
  const writing = event.target.matches("input:not([type=checkbox]), textarea");
  const name = key === "s" ? "save" : writing ? null : key === "z" ? (event.shiftKey ? "redo" : "undo") : key === "y" ? "redo" : null;
  if (!name) return;
  event.preventDefault();
  if (name === "save") document.activeElement.blur?.();
  actions[name]();
});

window.addEventListener("beforeunload", (event) => {
  if (now !== saved) event.preventDefault();
});

load();
newPicture();
