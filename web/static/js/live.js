// Each picture is asked for again a second after the last one came; a page that is not seen asks for none.
const EVERY_MS = 1000;
const LATE_S = 10;

const clock = (seconds) => {
  const whole = Math.floor(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const parts = hours ? [hours, String(minutes).padStart(2, "0")] : [minutes];
  return [...parts, String(whole % 60).padStart(2, "0")].join(":");
};

function showClocks(card, standing) {
  const list = card.querySelector("[data-clocks]");
  list.hidden = !standing.length;
  list.replaceChildren(...standing.map((vehicle) => {
    const item = document.createElement("li");
    const passed = document.createElement("time");
    passed.dateTime = `PT${Math.floor(vehicle.stood_s)}S`;
    passed.dataset.stood = String(vehicle.stood_s);
    passed.textContent = clock(vehicle.stood_s);
    item.append(`${[card.dataset[vehicle.label] ?? vehicle.label, vehicle.plate].filter(Boolean).join(" ")} `, passed);
    return item;
  }));
}

function follow(card) {
  const image = card.querySelector("img");
  const wait = card.querySelector("[data-wait]");
  const age = card.querySelector("[data-age]");
  const late = card.querySelector("[data-late]");
  let shown = null;
  let came = 0;

  async function round() {
    if (!document.hidden) {
      try {
        const answer = await fetch(card.dataset.live);
        if (answer.status === 401 || answer.redirected) {
          location.reload();
          return;
        }
        const taken = answer.headers.get("X-Taken-At");
        if (answer.status === 200 && taken !== shown) {
          const url = URL.createObjectURL(await answer.blob());
          const before = image.src;
          image.src = url;
          image.hidden = false;
          wait.hidden = true;
          if (before.startsWith("blob:")) URL.revokeObjectURL(before);
          shown = taken;
          showClocks(card, JSON.parse(answer.headers.get("X-Standing") ?? "[]"));
          came = Date.now();
          card.dataset.frames = String(Number(card.dataset.frames ?? 0) + 1);
        }
      } catch {
        // The next round asks again.
      }
    }
    const passed = came ? Math.round((Date.now() - came) / 1000) : 0;
    const isLate = came > 0 && passed >= LATE_S;
    card.classList.toggle("late", isLate);
    late.hidden = !isLate;
    age.textContent = isLate ? `${passed} s` : "";
    setTimeout(round, EVERY_MS);
  }
  round();
}

for (const card of document.querySelectorAll("[data-live]")) follow(card);
