"""`unroll` as one fused kernel forward and one backward, for any step; see `dynamics.layer`.

choice      which of scan and kernel runs, and the warning if a kernel cannot
fused       a body of a scan as kernels
parts       takes a body apart: what is known before the loop, what is drawn, the recurrence
forward, backward, rule    the two kernels, and the rule of differentiation that joins them
elements    equations on blocks of neurons, and the check that a step acts element by element
products    the product of a recurrent layer at JAX's precision
backends    what Triton and TPUs need: the file to change when a back end ends
"""
