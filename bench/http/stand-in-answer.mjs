/** @file An answer of the size that a model of 16 worlds gives, explained or not, made beforehand. */
const NUM_WORLDS = 16;
const votes = Array.from({ length: NUM_WORLDS }, (_, world) => ({
  world,
  bucket: 71 * world,
  probability: 0.97 / (world + 1),
  rank: world + 1,
  shared: { count: 74, labels: ["redhat:linux", "debian:debian_linux", "oracle:solaris", "vim:vim", "gnu:glibc"] },
}));
const plain = Array.from({ length: 10 }, (_, i) => ({
  id: 1234 * i,
  label: `linux:linux_kernel_${i}`,
  probability: 0.993412 / (i + 1),
}));
const explained = plain.map((label) => ({ ...label, votes }));
const worlds = votes.map(({ world }) => ({
  world,
  buckets: Array.from({ length: 12 }, (_, i) => ({ bucket: 97 * i, probability: 0.9 / (i + 1) })),
}));

/** A SearchResult for `query`. */
export function answerTo(query, { k, explain }) {
  const labels = (explain ? explained : plain).slice(0, k);
  return { query, unknown: false, labels, ...(explain ? { worlds } : {}) };
}
