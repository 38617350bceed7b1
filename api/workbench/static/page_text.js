// The service counts code points, JavaScript UTF-16 units: the two differ from the first emoji on.

export class PageText {
  #units = null;

  constructor(text) {
    this.text = text;
    if (!/[\ud800-\udbff]/.test(text)) return;
    const units = [];
    for (let unit = 0; unit < text.length; unit += text.codePointAt(unit) > 0xffff ? 2 : 1) {
      units.push(unit);
    }
    units.push(text.length);
    this.#units = Uint32Array.from(units);
  }

  /** The text between two code points. */
  slice(start, end) {
    return this.text.slice(this.unit(start), this.unit(end));
  }

  /** The UTF-16 offset of a code point. */
  unit(point) {
    return this.#units === null ? point : this.#units[point];
  }

  /** The code point at a UTF-16 offset. */
  point(unit) {
    if (this.#units === null) return unit;
    let low = 0;
    let high = this.#units.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#units[middle] < unit) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
