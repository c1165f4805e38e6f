import { colourOf } from "./purposes";

/** A purpose by its name, in its colour. */
export function Badge({ purpose, label }: { purpose: string; label?: string }) {
  return (
    <span className="badge" style={{ backgroundColor: colourOf(purpose) }} title={label}>
      {purpose}
    </span>
  );
}
