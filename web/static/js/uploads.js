// Sends files, follows their analyses, and shows what was found beside the picture.
import { send } from "./app.js";
import { follow } from "./followed.js";
import { seenPicture } from "./seen.js";

const form = document.querySelector("[data-send]");
const list = document.querySelector("[data-sent]");
const template = document.querySelector("template[data-row]");
const empty = document.querySelector("[data-empty]");
const words = Object.fromEntries([...document.querySelectorAll("[data-words] dt")]
  .map((key) => [key.textContent, key.nextElementSibling.textContent]));
const say = (key, number) => (words[key] ?? key).replace("{number}", number);
const TONES = { completed: "ok", failed: "bad", processing: "accent", queued: "warn" };
const ENDED = new Set(["completed", "failed", "cancelled"]);
const more = document.querySelector("[data-more]");
const PAGE = 30;
// Ids of the analyses that have a row.
const listed = new Set();
// Files of this visit are shown from here: the server shows nobody's originals.
const local = new Map();

function text(name, parent, value, className = "") {
  const made = document.createElement(name);
  made.textContent = value;
  if (className) made.className = className;
  parent.append(made);
  return made;
}

class Row {
  constructor(name) {
    this.item = template.content.firstElementChild.cloneNode(true);
    this.part("name").textContent = name;
    this.part("open").addEventListener("click", () => this.toggle());
    this.part("cancel").addEventListener("click", () => this.cancel());
    this.part("again").addEventListener("click", () => this.again());
    empty.hidden = true;
  }

  part(name) {
    return this.item.querySelector(`[data-${name}]`);
  }

  sending(share) {
    this.part("progress").hidden = false;
    this.part("progress").value = share;
    this.part("left").textContent = say("sending", Math.round(100 * share));
  }

  refused(sentence) {
    this.part("progress").hidden = true;
    this.part("left").textContent = "";
    this.state("failed");
    this.part("error").textContent = sentence;
    this.part("error").hidden = false;
  }

  state(name) {
    const badge = this.part("state");
    badge.textContent = say(`state-${name}`);
    badge.className = `badge ${TONES[name] ?? ""}`;
  }

  update(analysis) {
    this.analysis = analysis;
    listed.add(analysis.id);
    this.part("when").textContent = new Date(analysis.created_at).toLocaleString(document.documentElement.lang);
    const ended = ENDED.has(analysis.state);
    this.part("kind").textContent = say(`kind-${analysis.kind}`) + (analysis.camera ? ` · ${analysis.camera}` : "") + (analysis.known ? ` · ${say("known")}` : "");
    this.state(analysis.state);
    const progress = this.part("progress");
    progress.hidden = ended;
    if (analysis.whole > 0) progress.value = analysis.done / analysis.whole;
    else progress.removeAttribute("value");
    this.part("left").textContent = !ended && analysis.remaining_s !== null ? say("left", Math.ceil(analysis.remaining_s)) : "";
    this.part("cancel").hidden = ended;
    this.part("again").hidden = !ended || analysis.state === "completed";
    this.part("open").hidden = analysis.state !== "completed";
    this.part("error").textContent = analysis.error;
    this.part("error").hidden = !analysis.error;
  }

  follow(analysis, open) {
    this.update(analysis);
    if (ENDED.has(analysis.state)) {
      if (open && analysis.state === "completed") this.toggle();
      return;
    }
    follow(analysis.id, (now) => {
      this.update(now);
      const ended = ENDED.has(now.state);
      if (ended && open && now.state === "completed") this.toggle();
      return ended;
    });
  }

  async cancel() {
    this.part("cancel").disabled = true;
    const answer = await send(`/analyses/${this.analysis.id}/cancel`, { method: "POST" });
    if (answer.ok) this.update(await answer.json());
    this.part("cancel").disabled = false;
  }

  async again() {
    this.part("again").disabled = true;
    const answer = await send(`/analyses/${this.analysis.id}/retry`, { method: "POST" });
    if (answer.ok) this.follow(await answer.json(), true);
    this.part("again").disabled = false;
  }

  async toggle() {
    const result = this.part("result");
    const open = result.hidden;
    result.hidden = !open;
    this.part("open").setAttribute("aria-expanded", String(open));
    if (!open || result.childElementCount) return;
    try {
      const answer = await fetch(`/analyses/${this.analysis.id}`);
      if (!answer.ok) throw new Error(String(answer.status));
      const analysis = await answer.json();
      const show = { photo: photos, detect: tryOut, video }[analysis.kind];
      if (show) show(result, analysis);
    } catch {
      text("p", result, say("failed"), "muted");
    }
  }
}

function picture(analysis, index) {
  const file = local.get(analysis.files[index]?.name + analysis.files[index]?.size_bytes);
  return file ? URL.createObjectURL(file) : null;
}

function reportLink(parent, id) {
  text("a", parent, say("see_report"), "button small").href = `/reports/${id}`;
}

function vehicles(found, sentences) {
  const facts = document.createElement("ul");
  facts.className = "facts";
  for (const vehicle of found) {
    const item = document.createElement("li");
    const name = text("strong", item, `${say(`vehicle-${vehicle.class}`)} · ${vehicle.plate?.text || say("unread")}`);
    name.classList.add("plate");
    const said = sentences(vehicle);
    if (said) text("span", item, said, "muted small");
    if (vehicle.report) reportLink(item, vehicle.report);
    facts.append(item);
  }
  if (!found.length) text("li", facts, say("no_vehicles"), "muted");
  return facts;
}

function beside(result, source, size, found, sentences) {
  const block = document.createElement("div");
  block.className = "one-result";
  if (source) block.append(seenPicture(source, size, found, say("unread")));
  block.append(vehicles(found, sentences));
  result.append(block);
}

function photos(result, analysis) {
  analysis.result.photos.forEach((photo, index) => {
    if (analysis.result.photos.length > 1) text("h3", result, photo.file);
    beside(result, picture(analysis, index), photo.size, photo.vehicles, (vehicle) => [vehicle.zone, vehicle.why].filter(Boolean).join(" · "));
  });
}

function tryOut(result, analysis) {
  const { size, vehicles: found } = analysis.result;
  beside(result, `/analyses/${analysis.id}/picture`, size, found, (vehicle) => vehicle.score.toFixed(2));
}

function video(result, analysis) {
  const block = document.createElement("div");
  block.className = "one-result";
  const source = picture(analysis, 0);
  if (source) {
    const frame = document.createElement("div");
    frame.className = "seen";
    const player = document.createElement("video");
    player.controls = true;
    player.src = source;
    frame.append(player);
    block.append(frame);
  }
  const facts = document.createElement("ul");
  facts.className = "facts";
  for (const event of analysis.result.events) {
    const item = text("li", facts, "");
    text("strong", item, `${event.at_s.toFixed(1)} s · ${say(`event_${event.event}`)}`, "number");
    text("span", item, `${say(`vehicle-${event.class}`)} · ${event.zone}`, "muted small");
  }
  if (!analysis.result.events.length) text("li", facts, say("no_events"), "muted");
  for (const report of analysis.result.reports) {
    const item = text("li", facts, "");
    text("strong", item, report.plate || say("unread"), "plate");
    reportLink(item, report.id);
  }
  text("a", text("li", facts, ""), say("annotated")).href = `/videos/${analysis.id}/annotated`;
  block.append(facts);
  result.append(block);
}

// fetch says nothing of how far an upload is.
function post(address, body, row) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.setRequestHeader("X-CSRF-Token", document.body.dataset.csrf);
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) row.sending(event.loaded / event.total);
    });
    request.addEventListener("error", () => reject(new Error(say("failed"))));
    request.addEventListener("load", () => {
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { /* said below */ }
      if (request.status < 300) resolve(answer);
      else reject(new Error(answer.detail || say("failed")));
    });
    request.send(body);
  });
}

async function submit(address, files) {
  const row = new Row(files.map((file) => file.name).join(", "));
  list.prepend(row.item);
  row.sending(0);
  const body = new FormData();
  const { camera, taken_at: moment } = form.elements;
  if (camera.value) body.append("camera", camera.value);
  const field = address === "/videos" ? "started_at" : "taken_at";
  if (moment.value) body.append(field, new Date(moment.value).toISOString());
  for (const file of files) {
    local.set(file.name + file.size, file);
    body.append("file", file, file.name);
  }
  try {
    const answer = await post(address, body, row);
    const analysis = await (await fetch(`/analyses/${answer.id}`)).json();
    row.follow({ ...analysis, known: answer.known }, true);
  } catch (error) {
    row.refused(error.message || say("failed"));
  }
}

function take(files) {
  const videos = files.filter((file) => file.type.startsWith("video/") || /\.(mkv|avi|mov|mp4|webm)$/i.test(file.name));
  const pictures = files.filter((file) => !videos.includes(file));
  const trying = form.elements.what.value === "try";
  for (const file of videos) submit("/videos", [file]);
  if (trying) for (const file of pictures) submit("/detect?wait_s=0", [file]);
  // Photos of one case belong together.
  else if (pictures.length) submit("/photos", pictures);
}

const field = form.elements.file;
field.addEventListener("change", () => {
  take([...field.files]);
  field.value = "";
});
form.addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("dragover", (event) => { event.preventDefault(); form.classList.add("dropping"); });
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) form.classList.remove("dropping"); });
document.addEventListener("drop", (event) => {
  event.preventDefault();
  form.classList.remove("dropping");
  take([...event.dataTransfer.files]);
});

let reached = 0;
async function known() {
  more.disabled = true;
  const answer = await fetch(`/analyses?limit=${PAGE}&offset=${reached}`);
  more.disabled = false;
  if (answer.ok) {
    const found = await answer.json();
    reached += found.length;
    more.hidden = found.length < PAGE;
    // What was sent meanwhile moves all others down.
    for (const analysis of found.filter((one) => !listed.has(one.id))) {
      const row = new Row(analysis.files.map((file) => file.name).join(", "));
      list.append(row.item);
      row.follow(analysis, false);
    }
  }
  empty.hidden = list.childElementCount > 0;
}

more.addEventListener("click", known);
known();
