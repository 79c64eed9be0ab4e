/** Something wrong in what an operator wants, and where. */
export interface Fault {
  /** `tenants[0].connections[0].issuer`. */
  readonly path: string;
  /** What it must be, or what is wrong: for the person who mends it. Never a secret. */
  readonly message: string;
}

/** One line for people. */
export function describeFault(fault: Fault): string {
  return `${fault.path}: ${fault.message}`;
}

/** Gathers the faults below one path. */
export class FaultList {
  readonly faults: Fault[] = [];

  add(path: string, message: string | undefined): void {
    if (message !== undefined) this.faults.push({ path, message });
  }
}
