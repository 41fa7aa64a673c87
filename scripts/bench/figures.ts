export type Unit = "gas" | "bytes" | "seconds";

/** One measurement. A figure without a budget informs only. */
export interface Figure {
  name: string;
  unit: Unit;
  value: number;
  budget: number | null;
}

/** A figure as one line of JSON. */
export function formatFigure({ name, unit, value, budget }: Figure): string {
  return JSON.stringify({ name, [unit]: value, budget });
}

export function missesBudget({ value, budget }: Figure): boolean {
  return budget !== null && value > budget;
}
