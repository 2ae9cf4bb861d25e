// What every page does: keep its live parts fresh, close open menus, and install the shell.

/** Fetch with the page's CSRF token; for scripts that change something. */
export function send(url, options = {}) {
  const headers = new Headers(options.headers);
  headers.set("X-CSRF-Token", document.body.dataset.csrf ?? "");
  return fetch(url, { credentials: "same-origin", ...options, headers });
}

const stale = document.getElementById("stale");
let failures = 0;

/** How to find the element that had the focus, a link or a table to be scrolled, in a newer copy of its part. */
function again(element) {
  for (const [kind, name] of [["a", "href"], ["[tabindex]", "aria-labelledby"]]) {
    if (element.matches(kind) && element.hasAttribute(name)) return `${kind}[${name}="${CSS.escape(element.getAttribute(name))}"]`;
  }
  return null;
}

/**
 * Elements with data-refresh="/path" are replaced by what that path answers, every data-every seconds, while
 * the page is seen. What a person is just working in is left alone.
 */
async function refresh(part) {
  if (document.hidden || part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea")) {
    return;
  }
  try {
    const answer = await fetch(part.dataset.refresh, { headers: { Accept: "text/html" } });
    if (answer.redirected || answer.status === 401) {
      location.reload();
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    const text = await answer.text();
    if (part.dataset.last !== text) {
      const focused = part.contains(document.activeElement) ? again(document.activeElement) : null;
      const scrolled = [...part.querySelectorAll("[tabindex]")].map((table) => [again(table), table.scrollLeft]);
      part.dataset.last = text;
      part.innerHTML = text;
      for (const [table, left] of scrolled) part.querySelector(table)?.scrollTo({ left });
      if (focused) part.querySelector(focused)?.focus();
      part.dispatchEvent(new CustomEvent("refreshed", { bubbles: true }));
    }
    failures = 0;
  } catch {
    failures += 1;
  }
  if (stale) stale.hidden = failures < 3;
}

for (const part of document.querySelectorAll("[data-refresh]")) {
  const every = Number(part.dataset.every ?? 3) * 1000;
  const round = async () => {
    await refresh(part);
    setTimeout(round, every);
  };
  setTimeout(round, every);
}

document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.account[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const open of document.querySelectorAll("details.account[open]")) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});

if ("serviceWorker" in navigator && window.isSecureContext) {
  navigator.serviceWorker.register("/sw.js").catch(() => {});
}
