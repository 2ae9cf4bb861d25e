// A picture with the vehicles that an analysis found on it, as links to what looks alike.
const SVG = "http://www.w3.org/2000/svg";

function rectangle([x1, y1, x2, y2], parent, name = "") {
  const made = document.createElementNS(SVG, "rect");
  const values = { x: x1, y: y1, width: x2 - x1, height: y2 - y1 };
  for (const [key, value] of Object.entries(values)) made.setAttribute(key, value);
  if (name) made.setAttribute("class", name);
  parent.append(made);
}

/** `source`: the picture's address; `size`: width and height that boxes are pixels of; `unread`: a label. */
export function seenPicture(source, size, vehicles, unread) {
  const frame = document.createElement("div");
  frame.className = "seen";
  const image = document.createElement("img");
  image.alt = "";
  image.src = source;
  // Some browsers cannot show what the analysis can read (HEIC).
  image.addEventListener("error", () => { frame.hidden = true; });
  const marks = document.createElementNS(SVG, "svg");
  marks.setAttribute("viewBox", `0 0 ${size[0]} ${size[1]}`);
  for (const vehicle of vehicles) {
    let parent = marks;
    if (vehicle.sighting || vehicle.report) {
      parent = document.createElementNS(SVG, "a");
      const to = vehicle.report ? `/reports/${vehicle.report}` : `/find?like=${encodeURIComponent(vehicle.sighting)}`;
      parent.setAttribute("href", to);
      parent.setAttribute("aria-label", vehicle.plate?.text || unread);
      marks.append(parent);
    }
    rectangle(vehicle.box, parent);
    if (vehicle.plate?.box) rectangle(vehicle.plate.box, parent, "plate-box");
  }
  frame.append(image, marks);
  return frame;
}
