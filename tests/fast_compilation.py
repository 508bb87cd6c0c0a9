"""`fast_jit` compiles in a third of the time, to slower programs: for tests that compile much and run little."""

import functools

import jax

OPTIONS = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
    "xla_cpu_use_fusion_emitters": False,
}


@functools.cache
def understood():
    """Those of the options that the installed XLA has; another one may know fewer."""

    def works(option):
        try:
            jax.jit(lambda: 0, compiler_options={option: OPTIONS[option]})()
        except jax.errors.JaxRuntimeError:
            return False
        return True

    return {option: value for option, value in OPTIONS.items() if works(option)}


def fast_jit(function, **options):
    return jax.jit(function, compiler_options=understood(), **options)
