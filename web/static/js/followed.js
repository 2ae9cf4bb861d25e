// Hears how analyses go on, all of them by one question a second: a stream for each would take up the six
// connections that a browser has for a server, and neither the next file nor another page would come through.
const PAUSE_MS = 1000;
const MOST = 100;
const followed = new Set();
let asking = false;

async function read(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw answer;
  return answer.json();
}

async function look() {
  const newest = new Map((await read(`/analyses?limit=${MOST}`)).map((one) => [one.id, one]));
  for (const one of [...followed]) {
    try {
      if (one.heard(newest.get(one.id) ?? await read(`/analyses/${one.id}`))) followed.delete(one);
    } catch (error) {
      if (error.status !== 404) throw error;
      followed.delete(one);
    }
  }
}

// `heard` is given the analysis now and then, and answers whether it has ended.
export async function follow(id, heard) {
  followed.add({ id, heard });
  if (asking) return;
  asking = true;
  while (followed.size > 0) {
    await new Promise((resolve) => { setTimeout(resolve, PAUSE_MS); });
    // Away for a moment: asked again.
    try { await look(); } catch { continue; }
  }
  asking = false;
}
