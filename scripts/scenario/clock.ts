import type { ChainNode } from "./node.ts";

/** Something that has its time, in seconds since 1970. */
interface Appointment {
  time: number;
  work: () => Promise<void>;
}

/** Time of the chain. It moves to where the run wants it, and on the way to whatever has been put off until then. */
export class Clock {
  readonly #node: ChainNode;
  #appointments: Appointment[] = [];

  constructor(node: ChainNode) {
    this.#node = node;
  }

  /** Puts something off. It is done before the clock goes any further than that. */
  schedule(appointment: Appointment): void {
    this.#appointments.push(appointment);
  }

  /** Lets a moment pass, so that what was done before counts: votes are those of the second before. */
  async tick(): Promise<void> {
    if (this.#node.isLocal) await this.#node.moveTo((await this.#node.time()) + 2);
  }

  /** Chains that do not let anybody move their time are left alone. */
  async moveTo(time: number): Promise<void> {
    if (!this.#node.isLocal) return;
    for (;;) {
      const due = this.#appointments.filter((appointment) => appointment.time <= time);
      if (due.length === 0) break;
      const next = due.reduce((first, appointment) => (appointment.time < first.time ? appointment : first));
      this.#appointments = this.#appointments.filter((appointment) => appointment !== next);
      await this.#node.moveTo(next.time);
      await next.work();
    }
    await this.#node.moveTo(time);
  }
}
