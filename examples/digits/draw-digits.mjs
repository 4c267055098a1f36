/**
 * @file Digits as a picture: rows of images of 28 × 28, as SVG.
 *
 * A path for each shade of grey holds the pixels of that shade, so that the file stays small.
 */
const NUM_SHADES = 16;
const [SIZE, GAP] = [28, 4];

/** `rows` of images, each 784 numbers from 0, paper, to 1, ink; what lies beyond is taken for the nearer end. */
export function drawDigits(rows) {
  const shades = Array.from({ length: NUM_SHADES }, () => "");
  rows.forEach((images, row) => {
    images.forEach((ink, i) => {
      const shade = Math.round(Math.min(Math.max(ink, 0), 1) * (NUM_SHADES - 1));
      const pixel = i % (SIZE * SIZE);
      const x = Math.floor(i / (SIZE * SIZE)) * (SIZE + GAP) + (pixel % SIZE);
      const y = row * (SIZE + GAP) + Math.floor(pixel / SIZE);
      shades[shade] += `M${x} ${y}h1v1h-1z`;
    });
  });
  const width = (rows[0].length / (SIZE * SIZE)) * (SIZE + GAP) - GAP;
  const height = rows.length * (SIZE + GAP) - GAP;
  // The lightest shade is the paper.
  const paths = shades
    .slice(1)
    .map((d, i) => `<path fill-opacity="${((i + 1) / (NUM_SHADES - 1)).toFixed(3)}" d="${d}"/>`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${3 * width}" shape-rendering="crispEdges">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...paths,
    "</svg>\n",
  ].join("\n");
}
