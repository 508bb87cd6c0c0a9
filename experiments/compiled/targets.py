"""Target devices, which need not be present: TPU v5e and NVIDIA H100."""

import contextlib
from importlib import metadata
from typing import NamedTuple

from jax.experimental import topologies
from jax.sharding import AbstractDevice, AbstractMesh, Mesh, use_abstract_mesh

from spikejax.devices import mesh


class Target(NamedTuple):
    """What is compiled for."""

    platform: str  # that JAX lowers for
    backend: str  # as JAX calls it once it runs
    devices: int
    words: str
    memory_mb: float  # of one device, as much as a program may take
    device: str  # as JAX calls it
    cores: int


V5E = "TPU v5 lite"
TARGETS = {
    "v5e": Target("tpu", "tpu", 1, "one TPU v5e", 15.75 * 2**10, V5E, 1),
    "v5e_2x2": Target("tpu", "tpu", 4, "four TPU v5e, each of them", 15.75 * 2**10, V5E, 1),
    # JAX takes three quarters of a GPU's memory by default.
    "h100": Target(
        "cuda",
        "gpu",
        1,
        "one NVIDIA H100 SXM 80 GB",
        0.75 * 84942979072 / 2**20,
        "NVIDIA H100 80GB HBM3",
        132,
    ),
}
COMPILERS = {"tpu": "libtpu", "cuda": "jax-cuda13-pjrt"}
# For the process that compiles: the compilers read them when they are loaded. Without a GPU nothing can be autotuned.
# The assembler for GPUs is to be run as a process of its own, whose output is then logged, see `registers`.
ENVIRONMENT = {
    "JAX_PLATFORMS": "cpu",
    "JAX_ENABLE_COMPILATION_CACHE": "false",
    "JAX_SKIP_CUDA_CONSTRAINTS_CHECK": "1",
    "TPU_SKIP_MDS_QUERY": "1",
    "TPU_ACCELERATOR_TYPE": "v5litepod-4",
    "TPU_WORKER_HOSTNAMES": "localhost",
    "TPU_WORKER_ID": "0",
    "XLA_FLAGS": "--xla_gpu_autotune_level=0 --xla_gpu_enable_libnvptxcompiler=false "
    "--xla_gpu_enable_libnvjitlink=false",
    "TF_CPP_MIN_LOG_LEVEL": "0",
    "TF_CPP_VMODULE": "subprocess_compilation=3",
}
# What XLA needs to know of a GPU: from the data sheet of an H100 SXM with 80 GB, and from its driver.
H100 = """
gpu_device_info {
  name: "NVIDIA H100 80GB HBM3"
  cuda_compute_capability { major: 9 feature_extension: ACCELERATED_FEATURES }
  core_count: 132 fpus_per_core: 128 clock_rate_ghz: 1.98
  device_memory_size: 84942979072 memory_bandwidth: 3352320000000 l2_cache_size: 52428800
  threads_per_warp: 32 threads_per_block_limit: 1024 threads_per_core_limit: 2048
  shared_memory_per_block: 49152 shared_memory_per_block_optin: 232448
  shared_memory_per_core: 233472 registers_per_block_limit: 65536 registers_per_core_limit: 65536
  block_dim_limit_x: 2147483647 block_dim_limit_y: 65535 block_dim_limit_z: 65535
}
platform_name: "CUDA"
dnn_version_info { major: 9 minor: 10 }
device_description_str: "NVIDIA H100 80GB HBM3"
"""


def compiler(platform: str) -> str | None:
    """The installed compiler for "tpu" or "cuda" and its version; None if there is none."""
    name = COMPILERS[platform]
    try:
        return f"{name} {metadata.version(name)}"
    except metadata.PackageNotFoundError:
        return None


def devices_of(target: Target) -> Mesh:
    """A mesh over devices that are not present; the process must have been started in `ENVIRONMENT`."""
    if target.platform == "tpu":
        topology = topologies.get_topology_desc("v5e:2x2", "tpu")
    else:
        topology = topologies.get_topology_desc(
            platform="cuda", topology="1x1x1", target_config=H100
        )
    return mesh.over(topology.devices[: target.devices])


def as_there(target: Target) -> contextlib.AbstractContextManager:
    """Inside, what is traced is traced as it would be on the target, so that layers choose kernels for it."""
    device = AbstractDevice(
        device_kind=target.device, num_cores=target.cores, platform=target.backend
    )
    return use_abstract_mesh(AbstractMesh((), (), abstract_device=device))
