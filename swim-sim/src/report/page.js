// The page: shows the history at the time and for the node that the address names (#t=65000&node=3).
(function () {
  const history = new History(JSON.parse(document.getElementById("data").textContent));
  const byId = (id) => document.getElementById(id);
  const slider = byId("slider"), canvas = byId("matrix"), details = byId("details");
  const seconds = (ms) => (ms / 1000).toFixed(3) + " s";
  const nameOf = (subject) => "node-" + subject;
  const AROUND = 10000, LISTED = 400;
  let time = 0, node = 0, playing = null, cell = 8, margin = 34;
  slider.max = history.end;

  function element(tag, text, attributes) {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
    return made;
  }

  function colours() {
    const style = getComputedStyle(document.documentElement);
    const of = (name) => style.getPropertyValue("--" + name).trim();
    return { codes: CODES.map(of), absent: of("absent"), ink: of("ink"), soft: of("soft"), paper: of("paper"), accent: of("accent") };
  }

  // Counts rows of nodes that have a process, and puts the counts into the legend.
  function count(phases) {
    const counts = [0, 0, 0, 0, 0];
    let absent = 0;
    for (let observer = 0; observer < history.nodes; observer++) {
      if (!hasProcess(phases[observer])) { absent++; continue; }
      for (let subject = 0; subject < history.subjects; subject++) counts[history.believes(observer, subject)]++;
    }
    const legend = byId("legend");
    legend.replaceChildren();
    for (const code of [1, 2, 3, 4, 0]) {
      const key = element("span", undefined, { class: "key" });
      key.append(element("i", undefined, { class: "swatch " + CODES[code] }), CODES[code] + " ",
        element("b", counts[code], { id: "count-" + CODES[code] }));
      legend.append(key);
    }
    const key = element("span", undefined, { class: "key" });
    key.append(element("i", undefined, { class: "swatch absent" }), "no process ", element("b", absent, { id: "count-absent" }));
    legend.append(key);
    canvas.dataset.cells = history.nodes * history.subjects;
  }

  const hasProcess = (phase) => phase === "runs" || phase === "paused";

  function drawMatrix(phases) {
    const scale = window.devicePixelRatio || 1;
    const width = canvas.clientWidth || 640;
    cell = Math.max(2, (width - margin - 4) / history.subjects);
    cell = Math.min(cell, 28);
    const height = margin + cell * history.nodes + 4;
    canvas.style.height = height + "px";
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext("2d"), paint = colours();
    pen.scale(scale, scale);
    pen.fillStyle = paint.paper;
    pen.fillRect(0, 0, width, height);
    const gap = cell > 5 ? 1 : 0;
    for (let observer = 0; observer < history.nodes; observer++) {
      const y = margin + observer * cell;
      if (!hasProcess(phases[observer])) { hatch(pen, paint, y); continue; }
      for (let subject = 0; subject < history.subjects; subject++) {
        const code = history.believes(observer, subject), x = margin + subject * cell;
        pen.fillStyle = paint.codes[code];
        pen.fillRect(x, y, cell - gap, cell - gap);
        if (cell > 7 && (code === 2 || code === 3)) sign(pen, paint, code, x, y, cell - gap);
      }
    }
    labels(pen, paint, phases);
    pen.strokeStyle = paint.ink;
    pen.lineWidth = 1.5;
    pen.strokeRect(margin - 1, margin + node * cell - 1, history.subjects * cell + 1, cell + 1);
    pen.strokeRect(margin + history.names[node] * cell - 1, margin - 1, cell + 1, history.nodes * cell + 1);
  }

  // Not by colour alone: a suspect has a dot, a dead member a cross.
  function sign(pen, paint, code, x, y, size) {
    const middle = size / 2, reach = size / 4;
    pen.strokeStyle = pen.fillStyle = code === 2 ? "#1d2430" : "#ffffff";
    pen.lineWidth = Math.max(1, size / 10);
    pen.beginPath();
    if (code === 2) {
      pen.arc(x + middle, y + middle, size / 7, 0, 7);
      pen.fill();
    } else {
      pen.moveTo(x + middle - reach, y + middle - reach); pen.lineTo(x + middle + reach, y + middle + reach);
      pen.moveTo(x + middle + reach, y + middle - reach); pen.lineTo(x + middle - reach, y + middle + reach);
      pen.stroke();
    }
  }

  function hatch(pen, paint, y) {
    const size = Math.max(1, cell - 1), width = history.subjects * cell;
    pen.save();
    pen.beginPath();
    pen.rect(margin, y, width, size);
    pen.clip();
    pen.strokeStyle = paint.absent;
    pen.lineWidth = 1;
    for (let x = margin - size; x < margin + width; x += 5) {
      pen.beginPath(); pen.moveTo(x, y + size); pen.lineTo(x + size, y); pen.stroke();
    }
    pen.restore();
  }

  function labels(pen, paint, phases) {
    pen.font = "10.5px system-ui, sans-serif";
    const every = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((step) => step * cell >= 17) || 1000;
    for (let index = 0; index < Math.max(history.nodes, history.subjects); index++) {
      const isChosen = index === node;
      if (index % every && !isChosen) continue;
      const near = Math.abs(index - node) * cell < 17 && !isChosen;
      if (near) continue;
      pen.fillStyle = isChosen ? paint.ink : paint.soft;
      const at = margin + index * cell + cell / 2;
      pen.textAlign = "right"; pen.textBaseline = "middle";
      if (index < history.nodes) pen.fillText(index, margin - 5, at);
      pen.textAlign = "center"; pen.textBaseline = "bottom";
      if (index < history.subjects) pen.fillText(index, at, margin - 4);
    }
    pen.fillStyle = paint.soft;
    pen.textAlign = "left"; pen.textBaseline = "top";
    pen.fillText("subject \u2192", margin, 3);
    pen.save();
    pen.translate(3, margin);
    pen.rotate(-Math.PI / 2);
    pen.textAlign = "right";
    pen.fillText("\u2190 observer", 0, 0);
    pen.restore();
  }

  // What happened around the time at the chosen node, or was said of it.
  function around() {
    const list = [], subject = history.names[node];
    for (let i = history.until(time - AROUND); i < history.times.length && history.times[i] <= time + AROUND; i++) {
      const by = history.raisedBy(i), suspected = by === null ? "" : ", raised by " + nameOf(by);
      const status = CODES[history.status(i)] + suspected;
      if (history.observer(i) === node) list.push([history.times[i], "takes " + nameOf(history.subject(i)) + " for " + status]);
      else if (history.subject(i) === subject) list.push([history.times[i], "node-" + history.observer(i) + " takes it for " + status]);
    }
    const near = ([at]) => Math.abs(at - time) <= AROUND;
    for (const [at, who, text] of history.told.filter(near)) if (who === node) list.push([at, text]);
    for (const [at, who, score] of history.health.filter(near)) if (who === node) list.push([at, "its health score becomes " + score]);
    for (const [at, who, phase] of history.phases.filter(near)) if (who === node) list.push([at, "its process: " + phase]);
    for (const [at, text] of history.steps.filter(near)) list.push([at, "\u25cf " + text]);
    return list.sort((a, b) => a[0] - b[0]);
  }

  function showDetails(phases) {
    const subject = history.names[node];
    const held = CODES.map(() => []), opinions = CODES.map(() => 0);
    for (let other = 0; other < history.subjects; other++) if (other !== subject) held[history.believes(node, other)].push(other);
    for (let other = 0; other < history.nodes; other++) {
      if (other !== node && hasProcess(phases[other])) opinions[history.believes(other, subject)]++;
    }
    details.replaceChildren(element("h2", "node-" + node + " at " + seconds(time)));
    const phase = phases[node];
    if (subject !== node) details.append(element("p", "A machine that was added; it bears the name of " + nameOf(subject) + "."));
    details.append(element("p", "Its process: " + phase + (hasProcess(phase) ? "; health score " + history.healthAt(node, time) : "")));
    const order = [1, 2, 3, 4, 0];
    if (hasProcess(phase)) {
      const parts = order.filter((code) => held[code].length).map((code) => held[code].length + " " + CODES[code]
        + (code !== 1 && held[code].length <= 8 ? " (" + held[code].map(nameOf).join(", ") + ")" : ""));
      details.append(element("p", "Of the others, it believes: " + (parts.join(", ") || "nothing yet")));
    }
    const parts = order.filter((code) => opinions[code]).map((code) => opinions[code] + " " + CODES[code]);
    details.append(element("p", "The others take it for: " + (parts.join(", ") || "nothing")));
    const events = around(), list = element("ol");
    details.append(element("p", events.length ? "From 10 s before to 10 s after:" : "Nothing happens here for 10 s before and after.", { class: "caption" }), list);
    const first = Math.max(0, events.findIndex(([at]) => at >= time) - LISTED / 2);
    for (const [at, text] of events.slice(first, first + LISTED)) {
      const line = element("li", undefined, at > time ? { class: "later" } : {});
      line.append(element("a", seconds(at), { href: "#t=" + at + "&node=" + node }), element("span", text));
      list.append(line);
    }
    const current = [...list.children].find((line) => line.className === "later");
    if (current) list.scrollTop = Math.max(0, current.offsetTop - list.offsetTop - 200);
  }

  function moveCursors() {
    for (const cursor of document.querySelectorAll(".cursor")) {
      const { left, right } = bounds(cursor);
      const x = left + (right - left) * (history.end ? time / history.end : 0);
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
    }
    for (const curve of history.curves) {
      let index = curve.times.findIndex((at) => at >= time);
      if (index < 0) index = curve.times.length - 1;
      for (const value of document.querySelectorAll(`b[data-curve="${curve.id}"]`)) {
        const thousandths = curve.series[value.dataset.series][index];
        value.textContent = thousandths === undefined ? "" : (thousandths / 1000).toFixed(thousandths < 100000 && thousandths % 1000 ? 1 : 0);
      }
    }
  }

  const bounds = (cursor) => ({ left: Number(cursor.dataset.left), right: Number(cursor.dataset.right) });

  function show() {
    history.seek(time);
    const phases = history.phasesAt(time);
    slider.value = time;
    byId("time").textContent = seconds(time) + " of " + Math.round(history.end / 1000) + " s";
    byId("matrix-time").textContent = "at " + seconds(time);
    document.body.dataset.time = time;
    count(phases);
    drawMatrix(phases);
    showDetails(phases);
    moveCursors();
  }

  function go(to, isQuiet) {
    time = Math.max(0, Math.min(history.end, Math.round(to)));
    show();
    if (!isQuiet) remember();
  }

  function remember() {
    window.history.replaceState(null, "", "#t=" + time + "&node=" + node);
  }

  function readAddress(isOpening) {
    const wanted = new URLSearchParams(location.hash.slice(1));
    const opens = isOpening && !wanted.has("t"), at = opens ? worst() : wanted.has("t") ? Number(wanted.get("t")) || 0 : time;
    // Of nodes, the one that is away then says most.
    if (opens) node = Math.max(0, history.phasesAt(at).findIndex((phase) => phase !== "runs"));
    if (wanted.has("node")) node = Math.max(0, Math.min(history.nodes - 1, Number(wanted.get("node")) || 0));
    go(at, true);
  }

  // Where the page opens unless told: in the middle of the stretch that lacked most, its length times how much was wrong.
  // Stretches after all had been right once are looked at, or else the way there.
  function worst() {
    const curve = history.curves.find(({ id }) => id === "knowledge"), values = curve.series[0];
    const settled = values.indexOf(100000);
    return (settled >= 0 && middle(curve.times, values, settled)) || middle(curve.times, values, 0) || history.end;
  }

  function middle(times, values, first) {
    let most = 0, best = 0, lack = 0, from = null;
    for (let i = first; i < values.length; i++) {
      if (values[i] < 100000) {
        if (from === null) [from, lack] = [times[i], 0];
        lack += (100000 - values[i]) * (times[i] - (times[i - 1] || 0));
        if (lack > most) [most, best] = [lack, (from + times[i]) / 2];
      } else from = null;
    }
    return Math.round(best);
  }

  function play(wants) {
    if (playing) cancelAnimationFrame(playing);
    playing = null;
    byId("play").textContent = wants ? "Pause" : "Play";
    if (!wants) return remember();
    if (time >= history.end) time = 0;
    let before = performance.now();
    const frame = (now) => {
      go(time + (now - before) * Number(byId("speed").value), true);
      before = now;
      if (time >= history.end) return play(false);
      playing = requestAnimationFrame(frame);
    };
    playing = requestAnimationFrame(frame);
  }

  function cellAt(event) {
    const box = canvas.getBoundingClientRect();
    const subject = Math.floor((event.clientX - box.left - margin) / cell);
    const observer = Math.floor((event.clientY - box.top - margin) / cell);
    const isInside = observer >= -1 && subject >= -1 && observer < history.nodes && subject < history.subjects;
    return isInside ? [observer, subject] : null;
  }

  canvas.addEventListener("mousemove", (event) => {
    const at = cellAt(event);
    if (!at || at[0] < 0 || at[1] < 0) return byId("pointed").replaceChildren();
    byId("pointed").textContent = "node-" + at[0] + (at[0] === at[1] ? " takes itself for " : " takes " + nameOf(at[1]) + " for ")
      + CODES[history.believes(at[0], at[1])];
  });
  canvas.addEventListener("click", (event) => {
    const at = cellAt(event);
    if (!at) return;
    const chosen = at[0] < 0 ? history.names.indexOf(at[1]) : at[0];
    if (chosen >= 0) { node = chosen; go(time); }
  });
  for (const chart of document.querySelectorAll(".chart")) {
    const follow = (event) => {
      const box = chart.getBoundingClientRect();
      const { left, right } = bounds(chart.querySelector(".cursor"));
      const x = (event.clientX - box.left) / box.width * chart.viewBox.baseVal.width;
      go((x - left) / (right - left) * history.end);
    };
    chart.addEventListener("pointerdown", (event) => { chart.setPointerCapture(event.pointerId); play(false); follow(event); });
    chart.addEventListener("pointermove", (event) => { if (event.buttons) follow(event); });
  }
  const step = (to) => { play(false); go(to); };
  slider.addEventListener("input", () => step(Number(slider.value)));
  byId("back").addEventListener("click", () => step(history.previous(time)));
  byId("forth").addEventListener("click", () => step(history.next(time)));
  byId("play").addEventListener("click", () => play(!playing));
  // Wherever the focus is after a click, on the slider too, whose own steps are of a millisecond. The list of speeds needs its
  // keys, a button is pressed by the space bar, and with alt an arrow is the browser's.
  window.addEventListener("keydown", (event) => {
    const has = event.target.tagName;
    if (has === "SELECT" || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowLeft") step(history.previous(time));
    else if (event.key === "ArrowRight") step(history.next(time));
    else if (event.key === " " && has !== "BUTTON") play(!playing);
    else return;
    event.preventDefault();
  });
  window.addEventListener("hashchange", () => readAddress(false));
  window.addEventListener("resize", show);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  if (history.fullAt !== null) {
    document.querySelector("header").append(element("p", "The recording was full at " + seconds(history.fullAt) + "; what came later is not shown.", { class: "verdict bad" }));
  }
  readAddress(true);
})();
