// The recorded history: the matrix at any time. Knows nothing of the page.
"use strict";

const CODES = ["unknown", "alive", "suspect", "dead", "left"];

class History {
  constructor(data) {
    Object.assign(this, data);
    this.subjects = Math.max(0, ...data.names) + 1;
    const count = data.changes.length / 4;
    this.times = new Float64Array(count);
    let at = 0;
    for (let i = 0; i < count; i++) this.times[i] = at += data.changes[4 * i];
    this.matrix = new Uint8Array(this.nodes * this.subjects);
    this.done = 0;
    this.checkpoints = [this.matrix.slice()];
  }

  observer(i) { return this.changes[4 * i + 1]; }
  subject(i) { return this.changes[4 * i + 2]; }
  status(i) { const code = this.changes[4 * i + 3]; return code >= 5 ? 2 : code; }
  raisedBy(i) { const code = this.changes[4 * i + 3]; return code >= 5 ? code - 5 : null; }

  // How many changes there are up to a time, that time included.
  until(time) {
    let low = 0, high = this.times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.times[middle] <= time) low = middle + 1; else high = middle;
    }
    return low;
  }

  // Brings the matrix to a time: forward from where it is, or from the checkpoint before.
  seek(time) {
    const wanted = this.until(time);
    if (wanted < this.done) {
      const checkpoint = Math.min(this.checkpoints.length - 1, Math.floor(wanted / History.APART));
      this.matrix.set(this.checkpoints[checkpoint]);
      this.done = checkpoint * History.APART;
    }
    for (; this.done < wanted; this.done++) {
      if (this.done % History.APART === 0 && this.done / History.APART === this.checkpoints.length) {
        this.checkpoints.push(this.matrix.slice());
      }
      this.matrix[this.observer(this.done) * this.subjects + this.subject(this.done)] = this.status(this.done);
    }
  }

  believes(observer, subject) { return this.matrix[observer * this.subjects + subject]; }

  // What is the matter with each node's process at a time.
  phasesAt(time) {
    const phases = new Array(this.nodes).fill("not started");
    for (const [at, node, phase] of this.phases) { if (at > time) break; phases[node] = phase; }
    return phases;
  }

  healthAt(node, time) {
    let score = 0;
    for (const [at, who, value] of this.health) { if (at > time) break; if (who === node) score = value; }
    for (let i = this.phases.length - 1; i >= 0; i--) {
      const [at, who, phase] = this.phases[i];
      if (who === node && at <= time && phase === "runs") {
        return this.health.some(([t, n]) => n === node && t >= at && t <= time) ? score : 0;
      }
    }
    return score;
  }

  // The time of the next thing that happens, or of the last one before.
  next(time) {
    const change = this.times[this.until(time)];
    const step = this.steps.find(([at]) => at > time);
    const candidates = [change, step && step[0]].filter((at) => at !== undefined);
    return candidates.length ? Math.min(...candidates) : this.end;
  }

  previous(time) {
    const change = this.times[this.until(time - 1) - 1];
    const step = this.steps.filter(([at]) => at < time).pop();
    return Math.max(0, change || 0, step ? step[0] : 0);
  }
}
History.APART = 5000;
