/*
 * Gates that send each row to k of E experts, with noise and with the chance of each expert to be chosen.
 *
 *   noisy = clean + normal·spread, spread = softplus(logit) + 2⁻⁷
 *   gates = softmax over the k greatest;  chance = Φ((clean − t)/spread), t: k-th greatest of the others
 *
 * t is the k-th of all scores for an expert that was left out, the (k + 1)-th for one that was chosen; so a row's chosen
 * list is k + 1 long. Φ comes from erf with an error below 1.5e-7 (Abramowitz, Stegun, "Handbook of Mathematical
 * Functions", 1964, 7.1.26), its inverse from rational functions with a relative error of 1e-7 (Wichura, "Algorithm AS
 * 241: The Percentage Points of the Normal Distribution", Applied Statistics 1988, PPND7).
 */

#define LEAST_SPREAD 0x1p-7f

/* Φ⁻¹(p) for 2⁻³³ ≤ p < 1, hence √−ln min(p, 1 − p) < 5. */
INLINE double FN(normal_quantile)(double p) {
  double q = p - 0.5;
  if (q < 0.425 && q > -0.425) {
    double r = 0.180625 - q * q;
    return q * (((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179) /
           (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1);
  }
  double r = __builtin_sqrt(-log_f64(q < 0 ? p : 1 - p)) - 1.6;
  double z = (((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777) /
             ((0.12021132975 * r + 0.73700164250) * r + 1);
  return q < 0 ? -z : z;
}

OP(void, f32_fill_normal)(size_t n, uint32_t seed, out_f32 out) {
  uint32_t mixed = FN(mix32)(seed);
  for (size_t i = 0; i < n; i++)
    out[i] = (float)FN(normal_quantile)((FN(counter_hash)(mixed, (uint32_t)i) + 0.5) * 0x1p-32);
}

/* Φ(z); *density becomes e^(−z²/2)/√(2π). */
INLINE vf FN(normal_cdf)(vf z, vf *density) {
  vf x = FN(magnitude)(z) * 0.707106781f;
  vf t = 1.0f / (1.0f + 0.3275911f * x);
  vf e = exp_of_negative(-(x * x));
  vf poly = 1.061405429f * t - 1.453152027f;
  poly = poly * t + 1.421413741f;
  poly = poly * t - 0.284496736f;
  poly = poly * t + 0.254829592f;
  vf tail = 0.5f * t * poly * e;
  *density = 0.398942280f * e;
  return choose(z < 0.0f, tail, 1.0f - tail);
}

/* Every expert's threshold: that of the others chosen, for the chosen ones that of the first left out. */
INLINE void FN(thresholds)(size_t experts, size_t k, const uint32_t *chosen, const float *scores, float *out) {
  for (size_t e = 0; e < experts; e++) out[e] = scores[k - 1];
  for (size_t j = 0; j < k; j++) out[chosen[j]] = scores[k];
}

INLINE void FN(row_softmax)(size_t n, const float *x, float *out) {
  double sum = FN(sum_exp)(n, x, x[0], out);
  FN(scale_row)(n, (float)(1 / sum), out);
}

/* dims: rows, experts, k. noise_logits NULL: no noise, and no spread or chance either. */
OP(void, f32_top_gates)
(in_u32 dims, in_f32 clean, in_f32 noise_logits, in_f32 normals, out_f32 spread, out_f32 chance, out_f32 noisy,
 out_u32 chosen, out_f32 scores, out_f32 gates) {
  size_t rows = dims[0], experts = dims[1], k = dims[2], most = k < experts ? k + 1 : k;
  const float nan = __builtin_nanf("");
  for (size_t i = 0; i < rows; i++, chosen += k + 1, scores += k + 1, gates += k) {
    size_t at = i * experts;
    vf unsound = splat(0);
    for (size_t e = 0; e < experts; e += VL) {
      size_t n = experts - e < VL ? experts - e : VL;
      vf h = load_some(clean + at + e, n);
      if (noise_logits) {
        vf sigmoid, s = FN(softplus)(load_some(noise_logits + at + e, n), &sigmoid) + LEAST_SPREAD;
        store_some(spread + at + e, s, n);
        h += load_some(normals + at + e, n) * s;
      }
      store_some(noisy + at + e, h, n);
      unsound += h - h; /* NaN for NaN and infinities */
    }
    uint32_t count = 0;
    if (sum_lanes(unsound) == 0) FN(f32_top_columns)(1, experts, most, noisy + at, chosen, scores, &count);
    for (size_t j = count; j < k + 1; j++) {
      chosen[j] = 0;
      scores[j] = nan;
    }
    if (count == most) FN(row_softmax)(k, scores, gates);
    else
      for (size_t j = 0; j < k; j++) gates[j] = nan;
    if (!noise_logits) continue;
    if (k == experts) {
      for (size_t e = 0; e < experts; e++) chance[at + e] = count == most ? 1 : nan;
      continue;
    }
    FN(thresholds)(experts, k, chosen, scores, chance + at);
    for (size_t e = 0; e < experts; e += VL) {
      size_t n = experts - e < VL ? experts - e : VL;
      vf density, t = load_some(chance + at + e, n), s = load_some(spread + at + e, n);
      store_some(chance + at + e, FN(normal_cdf)((load_some(clean + at + e, n) - t) / s, &density), n);
    }
  }
}

OP(void, f32_top_gates_grad)
(in_u32 dims, in_f32 clean, in_f32 noise_logits, in_f32 normals, in_f32 spread, in_u32 chosen, in_f32 scores,
 in_f32 gates, in_f32 d_gates, in_f32 d_chance, out_f32 d_clean, out_f32 d_noise) {
  size_t rows = dims[0], experts = dims[1], k = dims[2];
  for (size_t i = 0; i < rows; i++, chosen += k + 1, scores += k + 1, gates += k, d_gates += k) {
    size_t at = i * experts;
    float *dc = d_clean + at, *dn = noise_logits ? d_noise + at : NULL;
    double last_in = 0, first_out = 0; /* gradients of the two thresholds */
    if (noise_logits && k < experts) {
      FN(thresholds)(experts, k, chosen, scores, dn);
      for (size_t e = 0; e < experts; e += VL) {
        size_t n = experts - e < VL ? experts - e : VL;
        vf density, s = load_some(spread + at + e, n);
        vf u = (load_some(clean + at + e, n) - load_some(dn + e, n)) / s;
        FN(normal_cdf)(u, &density);
        vf c = load_some(d_chance + e, n) * density / s;
        store_some(dc + e, c, n);
        store_some(dn + e, -c * u, n);
      }
      for (size_t e = 0; e < experts; e++) last_in -= dc[e];
      for (size_t j = 0; j < k; j++) first_out -= dc[chosen[j]];
      last_in -= first_out;
    } else {
      for (size_t e = 0; e < experts; e++) dc[e] = 0;
      if (dn)
        for (size_t e = 0; e < experts; e++) dn[e] = 0;
    }
    double mean = 0;
    for (size_t j = 0; j < k; j++) mean += (double)gates[j] * d_gates[j];
    for (size_t j = 0; j < k + (k < experts); j++) {
      float g = j < k ? (float)(gates[j] * (d_gates[j] - mean)) : (float)first_out;
      if (j == k - 1) g += (float)last_in;
      dc[chosen[j]] += g;
      if (dn) dn[chosen[j]] += g * normals[at + chosen[j]];
    }
    for (size_t e = 0; dn && e < experts; e += VL) {
      size_t n = experts - e < VL ? experts - e : VL;
      store_some(dn + e, load_some(dn + e, n) * FN(sigmoid)(load_some(noise_logits + at + e, n)), n);
    }
  }
}
