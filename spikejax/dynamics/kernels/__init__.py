"""`unroll` as one fused kernel forward and one backward, for any step; see `dynamics.layer`.

In the order in which a step passes through them:

- `fused`: the body of a scan as kernels, or why it runs as a scan.
- `apart`: takes a body apart, into what is known before the loop, what is drawn, and the recurrence (`parts`), with the
  help of `buffers`, `chains` for keys and counters, and `recurrence` for feedback.
- `elements`: equations on blocks of neurons, and the check that a step acts element by element.
- `gradient`: that of a step.
- `rule`: the two kernels (`forward`, `backward`, and what they share, `kernel`) as one differentiable function, whose
  higher derivatives are those of a scan (`scanned`).
- `products`, `exact`: the product of a recurrent layer, at JAX's precision.
- `tiles`, `backends`: what GPUs and TPUs need; the files to change when a back end ends.
- `jaxprs`: traced functions as programs of equations.

Which of scan and kernel runs is decided in `dynamics.choice`.
"""
