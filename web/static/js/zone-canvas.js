// Zones on the picture: drawn, moved and bent by pointer and by keyboard. Points are fractions of the picture.
const SVG = "http://www.w3.org/2000/svg";
const STEP = 0.004;
const LARGE = 0.04;

const clamp = (value) => Math.min(1, Math.max(0, value));
const round = (value) => Math.round(value * 10000) / 10000;

function element(name, attributes, parent) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent.append(made);
  return made;
}

/**
 * The drawing. `model` has zones (with name and polygon) and chosen (an index or -1); `tell` has
 * choose(index), changed(merge) after a change, add(polygon), remove(index), corner(name, number), drawing(on).
 */
export class ZoneCanvas {
  constructor(svg, model, tell) {
    this.svg = svg;
    this.model = model;
    this.tell = tell;
    this.width = 1600;
    this.height = 900;
    this.sketch = null;
    this.pull = null;
    svg.addEventListener("pointerdown", (event) => this.press(event));
    svg.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => this.release());
    svg.addEventListener("keydown", (event) => this.key(event));
    svg.addEventListener("focusin", (event) => this.focused(event));
    new ResizeObserver(() => this.draw()).observe(svg);
  }

  size(width, height) {
    this.width = width;
    this.height = height;
    this.draw();
  }

  begin() {
    this.sketch = [];
    this.svg.setAttribute("tabindex", "0");
    this.svg.focus();
    this.tell.drawing(true);
    this.draw();
  }

  giveUp() {
    this.sketch = null;
    this.svg.removeAttribute("tabindex");
    this.tell.drawing(false);
    this.draw();
  }

  finish() {
    const points = this.sketch.length >= 3 ? this.sketch
      : this.sketch.length ? null : [[0.35, 0.45], [0.65, 0.45], [0.65, 0.75], [0.35, 0.75]];
    if (!points) return;
    this.giveUp();
    this.tell.add(points);
    this.focusCorner(0);
  }

  focusCorner(number) {
    this.svg.querySelector(`.corner[data-corner="${number}"]`)?.focus();
  }

  place(event) {
    const box = this.svg.getBoundingClientRect();
    return [round(clamp((event.clientX - box.left) / box.width)), round(clamp((event.clientY - box.top) / box.height))];
  }

  // Pixels of the screen as units of the drawing.
  unit() {
    return this.width / Math.max(1, this.svg.getBoundingClientRect().width);
  }

  press(event) {
    if (event.button !== 0) return;
    // What a field holds belongs to the zone that is chosen until now.
    if (!this.svg.contains(document.activeElement)) document.activeElement?.blur();
    const at = this.place(event);
    if (this.sketch) {
      event.preventDefault();
      const [first] = this.sketch;
      const reach = 14 * this.unit();
      const near = first && Math.hypot((first[0] - at[0]) * this.width, (first[1] - at[1]) * this.height) < reach;
      if (near && this.sketch.length >= 3) this.finish();
      else this.sketch.push(at);
      this.draw();
      return;
    }
    const { corner, between, zone } = event.target.dataset;
    const chosen = this.model.zones[this.model.chosen];
    if (corner !== undefined) {
      this.pull = { corner: Number(corner) };
    } else if (between !== undefined) {
      chosen.polygon.splice(Number(between) + 1, 0, at);
      this.pull = { corner: Number(between) + 1, moved: true };
    } else if (zone !== undefined) {
      if (Number(zone) !== this.model.chosen) this.tell.choose(Number(zone));
      this.pull = { from: at, whole: this.model.zones[Number(zone)].polygon.map((point) => [...point]) };
    } else {
      this.tell.choose(-1);
      return;
    }
    this.svg.setPointerCapture(event.pointerId);
    this.draw();
  }

  drag(event) {
    if (this.sketch) {
      this.hover = this.place(event);
      this.draw();
    }
    const zone = this.model.zones[this.model.chosen];
    if (!this.pull || !zone) return;
    const at = this.place(event);
    this.pull.moved = true;
    if (this.pull.corner !== undefined) zone.polygon[this.pull.corner] = at;
    else zone.polygon = shifted(this.pull.whole, at[0] - this.pull.from[0], at[1] - this.pull.from[1]);
    this.draw();
  }

  release() {
    if (this.pull?.moved) this.tell.changed(false);
    this.pull = null;
  }

  key(event) {
    if (this.sketch) {
      if (event.key === "Enter") { event.preventDefault(); this.finish(); }
      if (event.key === "Escape") this.giveUp();
      return;
    }
    const { corner, zone } = event.target.dataset;
    const chosen = this.model.zones[this.model.chosen];
    if (!chosen || corner === undefined && zone === undefined) return;
    const size = event.shiftKey ? LARGE : STEP;
    const step = { ArrowLeft: [-size, 0], ArrowRight: [size, 0], ArrowUp: [0, -size], ArrowDown: [0, size] }[event.key];
    if (step) {
      if (corner === undefined) chosen.polygon = shifted(chosen.polygon, ...step);
      else chosen.polygon[corner] = chosen.polygon[corner].map((value, axis) => round(clamp(value + step[axis])));
      this.changed(event, corner, true);
    } else if (event.key === "Enter" && corner !== undefined) {
      chosen.polygon.splice(Number(corner) + 1, 0, middle(chosen.polygon, Number(corner)));
      this.changed(event, Number(corner) + 1, false);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      if (corner === undefined) {
        event.preventDefault();
        this.tell.remove(this.model.chosen);
      } else if (chosen.polygon.length > 3) {
        chosen.polygon.splice(Number(corner), 1);
        this.changed(event, Math.max(0, Number(corner) - 1), false);
      }
    }
  }

  changed(event, corner, merge) {
    event.preventDefault();
    this.tell.changed(merge);
    if (corner === undefined) this.svg.querySelector(".area.chosen")?.focus();
    else this.focusCorner(corner);
  }

  focused(event) {
    const zone = event.target.dataset?.zone;
    if (zone !== undefined && Number(zone) !== this.model.chosen && !this.pull) {
      this.tell.choose(Number(zone));
      this.svg.querySelector(".area.chosen")?.focus();
    }
  }

  draw() {
    const focus = document.activeElement?.dataset ?? {};
    const inside = this.svg.contains(document.activeElement);
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
    this.svg.classList.toggle("drawing", this.sketch !== null);
    this.svg.replaceChildren();
    const unit = this.unit();
    this.model.zones.forEach((zone, index) => this.drawZone(zone, index, unit));
    if (this.sketch) this.drawSketch(unit);
    if (inside && focus.corner !== undefined) this.focusCorner(focus.corner);
    else if (inside && focus.zone !== undefined) this.svg.querySelector(`[data-zone="${focus.zone}"]`)?.focus();
  }

  drawZone(zone, index, unit) {
    const chosen = index === this.model.chosen;
    const group = element("g", {}, this.svg);
    element("polygon", { class: chosen ? "area chosen" : "area", points: this.points(zone.polygon), "data-zone": index,
      tabindex: 0, role: "button", "aria-pressed": chosen, "aria-label": zone.name }, group);
    const [x, y] = centre(zone.polygon);
    element("text", { x: x * this.width, y: y * this.height, "font-size": 14 * unit }, group).textContent = zone.name;
    if (!chosen || this.sketch) return;
    zone.polygon.forEach((point, corner) => {
      const [mx, my] = middle(zone.polygon, corner);
      element("circle", { class: "between", cx: mx * this.width, cy: my * this.height, r: 4 * unit,
        "data-between": corner }, group);
      element("circle", { class: "reach", cx: mx * this.width, cy: my * this.height, r: 12 * unit,
        "data-between": corner }, group);
    });
    zone.polygon.forEach((point, corner) => {
      const at = { cx: point[0] * this.width, cy: point[1] * this.height };
      element("circle", { class: "reach", ...at, r: 16 * unit, "data-corner": corner }, group);
      element("circle", { class: "corner", ...at, r: 7 * unit, "data-corner": corner, tabindex: 0, role: "button",
        "aria-label": this.tell.corner(zone.name, corner + 1) }, group);
    });
  }

  drawSketch(unit) {
    const shown = this.hover && this.sketch.length ? [...this.sketch, this.hover] : this.sketch;
    element("polyline", { class: "line", points: this.points(shown) }, this.svg);
    for (const [x, y] of this.sketch) {
      element("circle", { class: "corner", cx: x * this.width, cy: y * this.height, r: 6 * unit }, this.svg);
    }
  }

  points(polygon) {
    return polygon.map(([x, y]) => `${x * this.width},${y * this.height}`).join(" ");
  }
}

function shifted(polygon, x, y) {
  const xs = polygon.map((point) => point[0]);
  const ys = polygon.map((point) => point[1]);
  const dx = Math.min(1 - Math.max(...xs), Math.max(-Math.min(...xs), x));
  const dy = Math.min(1 - Math.max(...ys), Math.max(-Math.min(...ys), y));
  return polygon.map((point) => [round(point[0] + dx), round(point[1] + dy)]);
}

function middle(polygon, corner) {
  const next = polygon[(corner + 1) % polygon.length];
  return [round((polygon[corner][0] + next[0]) / 2), round((polygon[corner][1] + next[1]) / 2)];
}

function centre(polygon) {
  const sum = polygon.reduce((all, point) => [all[0] + point[0], all[1] + point[1]], [0, 0]);
  return sum.map((value) => value / polygon.length);
}
