/** Drawings for the eye only. */

/**
 * @param {(node: Element, props: object, kids: any[]) => Element} fill of dom.js
 * @returns {(width: number, height: number, shapes: string[][]) => Element} draws `shapes`, which are [path, stroke, fill]
 */
export const pictures = (fill) => (width, height, shapes) => {
  const make = (tag, props, kids) => fill(document.createElementNS('http://www.w3.org/2000/svg', tag), props, kids);
  return make(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, width, height, 'aria-hidden': true, focusable: 'false' },
    shapes.map(([d, stroke, inside = 'none']) => make('path', { d, stroke, fill: inside, 'stroke-width': 2 }, [])),
  );
};
