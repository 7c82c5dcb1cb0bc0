// The cluster as this agent sees it, live. It asks for the members when it connects, when something happens, and every few
// seconds for their round trips; what happens comes as server-sent events, read with fetch so that a token can go with it.
"use strict";

const SHOWN = 500; // rows at once; a filter finds the rest
const KEPT = 200; // events
const ORDER = { dead: 0, suspect: 1, alive: 2, left: 3 };
const EVENT_STATUS = {
  "member-join": "alive", "member-refute": "alive", "member-suspect": "suspect", "member-failed": "dead", "member-leave": "left",
  "member-reap": "left", reconnected: "alive", isolated: "dead", conflict: "dead", "name-lost": "dead", "name-regained": "alive", returned: "alive",
  "member-restart": "alive", "health-changed": "suspect",
  "seed-failed": "suspect", "seed-unresolved": "suspect", lagged: "suspect",
};

const $ = (id) => document.getElementById(id);
let members = [];
let info = null;
let seen = new Map(); // what each row last said, to mark those that change
let sort = { key: "id", down: false };
let token = sessionStorage.getItem("swim-token");

// Controls, separators, bidirectional controls and what nobody sees: as swim_tokio::is_hazardous has them.
const HAZARDS = /[\0-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** Text of others as the page shows it; all that it shows goes through `element` and `put`. */
const shown = (text) => String(text).replace(HAZARDS, (character) => `\\u{${character.codePointAt(0).toString(16)}}`);

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, shown(value));
  made.append(...children.map((child) => (child instanceof Node ? child : shown(child))));
  return made;
}

function put(id, text) {
  $(id).textContent = shown(text);
}

async function get(path, options = {}) {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const response = await fetch(path, { ...options, headers, cache: "no-store" });
  if (response.status === 401) throw Object.assign(new Error("the agent wants its token"), { wantsToken: true });
  if (!response.ok) throw new Error(`the agent says ${response.status}`);
  return response;
}

// --- what is shown ---

const time = (seconds) => {
  if (seconds === null || seconds === undefined) return "–";
  const millis = seconds * 1000;
  return millis < 10 ? `${millis.toFixed(2)} ms` : millis < 1000 ? `${millis.toFixed(0)} ms` : `${seconds.toFixed(1)} s`;
};

function showInfo() {
  const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
  document.title = shown(`swim · ${info.id}`);
  put("node", info.id);
  put("where", `${info.address} · cluster ${info.cluster}`);
  for (const [status, count] of Object.entries(info.members)) {
    put(`count-${status}`, count);
    $(`count-${status}`).parentElement.toggleAttribute("data-empty", count === 0);
  }
  put("score", info.health);
  $("health").dataset.score = info.health;
  put("health-text", info.health === 0 ? "health: this node is well" : "health: this node is slow or badly connected");
  $("gauge").replaceChildren(...Array.from({ length: 8 }, (_, i) => element("i", { class: i < info.health ? "on" : "" })));
  const hours = info.uptime / 3600;
  const uptime = info.uptime < 60 ? plural(Math.floor(info.uptime), "second") : hours < 1 ? plural(Math.floor(info.uptime / 60), "minute") : hours < 48 ? plural(Math.floor(hours), "hour") : plural(Math.floor(hours / 24), "day");
  put("about", `swim ${info.version} · ${info.transport} · up for ${uptime} · incarnation ${info.incarnation}`);
}

function matches(member) {
  const pressed = $("chips").querySelector(`[data-status="${member.status}"]`).getAttribute("aria-pressed") === "true";
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const tags = Object.entries(member.tags).map(([name, text]) => `${name}=${text}`).join(" ");
  const text = `${member.id} ${member.address} ${tags} ${member.metadata ?? ""}`.toLowerCase();
  return pressed && words.every((word) => text.includes(word));
}

function compare(a, b) {
  const value = (member) => {
    if (sort.key === "status") return ORDER[member.status];
    return member[sort.key] ?? Infinity;
  };
  const [x, y] = [value(a), value(b)];
  const order = typeof x === "string" ? x.localeCompare(y, undefined, { numeric: true }) : x - y || 0;
  return (sort.down ? -order : order) || a.id.localeCompare(b.id, undefined, { numeric: true });
}

function row(member) {
  const tags = Object.entries(member.tags).map(([name, text]) => element("span", { class: "tag" }, `${name}=`, element("b", {}, text)));
  if (member.metadata) tags.push(element("span", { class: "tag" }, member.metadata));
  const name = element("td", { class: "name" }, member.id);
  if (info && member.id === info.id) name.append(element("small", {}, "this node"));
  const said = `${member.status} ${member.address} ${member.incarnation} ${JSON.stringify(member.tags)}`;
  const made = element("tr", { "data-status": member.status, "data-id": member.id },
    element("td", {}, element("span", { class: "badge" }, member.status)), name,
    element("td", { class: "address" }, member.address),
    element("td", { class: "number" }, time(member.round_trip)),
    element("td", { class: "number" }, String(member.incarnation)),
    element("td", {}, ...tags));
  if (seen.size > 0 && seen.get(member.id) !== said) made.classList.add("changed");
  return [said, made];
}

function showMembers() {
  const found = members.filter(matches).sort(compare);
  const next = new Map(members.map((member) => [member.id, seen.get(member.id)]));
  const rows = found.slice(0, SHOWN).map((member) => {
    const [said, made] = row(member);
    next.set(member.id, said);
    return made;
  });
  if (found.length > SHOWN) {
    rows.push(element("tr", {}, element("td", { colspan: 6, class: "empty" }, `and ${found.length - SHOWN} more: filter to see them`)));
  }
  seen = next;
  $("members").replaceChildren(...rows);
  $("empty").hidden = found.length > 0;
  const trips = members.map((member) => member.round_trip).filter((trip) => trip !== null).sort((a, b) => a - b);
  put("rtt", time(trips.length ? trips[Math.floor(trips.length / 2)] : null));
  const cells = members.slice(0, 4000).map((member) => element("i", { "data-status": member.status, title: `${member.id}: ${member.status}` }));
  $("cells").replaceChildren(...(members.length > 1 ? cells : []));
}

function showEvent(event) {
  const when = new Date(event.time);
  const item = element("li", { "data-event": event.event, class: "fresh" },
    element("p", {}, event.text), element("time", { datetime: event.time }, when.toLocaleTimeString()));
  const status = EVENT_STATUS[event.event];
  if (status) item.dataset.status = status;
  $("events").prepend(item);
  while ($("events").children.length > KEPT) $("events").lastChild.remove();
}

function showLink(state, text) {
  $("link").dataset.state = state;
  put("link-text", text);
}

// --- what is asked ---

let asking = null;
let again = false;

/** Asks for all; calls while an answer is under way are one more call after it. */
function refresh() {
  again = true;
  asking ??= (async () => {
    try {
      while (again) {
        again = false;
        const begun = performance.now();
        const [one, other] = await Promise.all([get("v1/info"), get("v1/members")]);
        info = await one.json();
        members = (await other.json()).members;
        showInfo();
        showMembers();
        // A storm of events makes a few calls a second, not one for each, and fewer in a large cluster.
        await new Promise((done) => setTimeout(done, Math.max(200, 5 * (performance.now() - begun))));
      }
    } finally {
      asking = null;
    }
  })();
  return asking;
}

/** Reads the stream of events until it ends. */
async function listen(connected) {
  const watch = new AbortController();
  let silence;
  const alarm = () => {
    clearTimeout(silence);
    // The agent says at least every 15 s that it is there.
    silence = setTimeout(() => watch.abort(), 40000);
  };
  alarm();
  try {
    const response = await get("v1/events", { signal: watch.signal });
    connected();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      alarm();
      const blocks = (text + value).split("\n\n");
      text = blocks.pop();
      const data = blocks.flatMap((block) => block.split("\n")).filter((line) => line.startsWith("data: "));
      data.forEach((line) => showEvent(JSON.parse(line.slice(6))));
      if (data.length) refresh().catch(() => {});
    }
  } finally {
    clearTimeout(silence);
  }
}

function askForToken() {
  return new Promise((done) => {
    const dialog = $("ask");
    $("wrong").hidden = !token;
    dialog.addEventListener("close", () => {
      token = $("token").value.trim();
      sessionStorage.setItem("swim-token", token);
      $("token").value = "";
      done();
    }, { once: true });
    dialog.showModal();
  });
}

async function live() {
  let pause = 1;
  for (;;) {
    try {
      await listen(() => {
        pause = 1;
        showLink("live", "live");
        refresh().catch(() => {});
      });
    } catch (error) {
      if (error.wantsToken) {
        showLink("lost", "a token is wanted");
        await askForToken();
        continue;
      }
    }
    for (let left = pause; left > 0; left -= 1) {
      showLink("lost", `not connected, trying again in ${left} s`);
      await new Promise((done) => setTimeout(done, 1000));
    }
    showLink("connecting", "connecting");
    pause = Math.min(pause * 2, 15);
  }
}

// --- what people do ---

$("filter").addEventListener("input", showMembers);
$("clear").addEventListener("click", () => $("events").replaceChildren());
$("chips").addEventListener("click", (event) => {
  const chip = event.target.closest("button");
  if (!chip) return;
  chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
  showMembers();
});
document.querySelector("thead").addEventListener("click", (event) => {
  const key = event.target.closest("button")?.dataset.sort;
  if (!key) return;
  sort = { key, down: sort.key === key && !sort.down };
  for (const button of document.querySelectorAll("thead button")) {
    const chosen = button.dataset.sort === key;
    button.parentElement.setAttribute("aria-sort", chosen ? (sort.down ? "descending" : "ascending") : "none");
  }
  showMembers();
});
setInterval(() => {
  if (!document.hidden && $("link").dataset.state === "live") refresh().catch(() => {});
}, 5000);
live();
