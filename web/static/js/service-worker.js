// Keeps the shell only: styles, scripts, icons and the page for times without a network. Never a page with
// plates, a photo or an answer of the API.
const CACHE = "gotcha-shell-1";
const SHELL = ["/offline", "/static/css/tokens.css", "/static/css/parts.css", "/static/css/frame.css",
  "/static/js/app.js", "/static/icons/mark.svg", "/static/icons/icons.svg"];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name !== CACHE) await caches.delete(name);
    }
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(async () => (await caches.match("/offline")) ?? Response.error()));
  } else if (SHELL.includes(url.pathname)) {
    event.respondWith((async () => {
      try {
        const answer = await fetch(request);
        if (answer.ok) await (await caches.open(CACHE)).put(request, answer.clone());
        return answer;
      } catch {
        return (await caches.match(request)) ?? Response.error();
      }
    })());
  }
});
