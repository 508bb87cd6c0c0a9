"""Equations in Unicode as TeX: what is understood and what is refused."""

import pytest

import equations
from formula import relations
from symbols import Refused

NAMES = {"decay", "threshold", "log_rate", "g_na", "width", "outputs", "order"}


@pytest.mark.parametrize(
    "text, expected",
    [
        ("H[t] = decay U[t−1] + I[t]", r"H[t] = \mathrm{decay}\;U[t{-}1] + I[t]"),
        ("S = Θ(U − V_th)", r"S = \Theta(U - V_{\mathrm{th}})"),
        ("C_d[t] ∝ β1 a (b − 1)", r"C_{d}[t] \propto \beta_{1}\,a\,(b - 1)"),
        ("I_Na = g_na m_∞³ h", r"I_{\mathrm{Na}} = g_{\mathrm{na}}\,m_{\infty}^{3}\,h"),
        ("λ_n = −exp(log_rate_n)", r"\lambda_{n} = -\operatorname{exp}(\mathrm{log\_rate}_{n})"),
        ("C dV_s/dt = −I / P", r"C\,\frac{dV_{s}}{dt} = -\frac{I}{P}"),
        ("∂ℓ[t]/∂s_j[t]", r"\frac{\partial \ell[t]}{\partial s_{j}[t]}"),
        ("1/T Σ_t x[t]", r"\frac{1}{T}\,\sum_{t} x[t]"),
        ("(a + b)/c d", r"\frac{a + b}{c}\,d"),
        ("x y / (1 + |x|)²", r"\frac{x\,y}{(1 + \lvert x\rvert )^{2}}"),
        ("½ k |x|", r"\tfrac12\,k\,\lvert x\rvert "),
        ("(1 + x/w)^(−q)", r"\left(1 + \frac{x}{w}\right)^{-q}"),
        ("σ(x/τ)", r"\sigma\mathopen{}\left(\frac{x}{\tau}\right)"),
        ("√(1 − x²[t])", r"\sqrt{1 - x^{2}[t]}"),
        ("⌊a⌋ + ⌊b + c⌉", r"\lfloor a\rfloor  + \lfloor b + c\rceil "),
        ("x' = λ' x̃ + ỹ", r"x' = \lambda'\,\tilde{x} + \tilde{y}"),
        ("2 · 3 Q Kᵀ ≥ 0", r"2 \cdot 3\,Q\,K^{\top} \ge 0"),
        ("mean_{b,c} (z[b, c])²", r"\operatorname{mean}_{b,c}\,(z[b, c])^{2}"),
        ("d = 1, …, D", r"d = 1,\, \dots,\, D"),
        ("κ[k; d[i]] ~ N(μ, σ²)", r"\kappa[k; d[i]] \sim N(\mu, \sigma^{2})"),
        ("x ← 2i − relu(y)", r"x \leftarrow 2i - \operatorname{relu}(y)"),
        ("x × y ≤ μ[1:t]", r"x \times y \le \mu[1{:}t]"),
        ("⌊a/b⌋ / c", r"\frac{\left\lfloor \frac{a}{b}\right\rfloor }{c}"),
        ("(a, b) / c", r"\frac{(a, b)}{c}"),
        (
            "Σ_i (x_i / n) + Π_i (1/z_i)",
            r"\sum_{i} \left(\frac{x_{i}}{n}\right) + \prod_{i} \left(\frac{1}{z_{i}}\right)",
        ),
        ("(Σ_i x_i) / n", r"\frac{\sum_{i} x_{i}}{n}"),
        ("log r + Re Σ_n z_n", r"\operatorname{log} r + \operatorname{Re} \sum_{n} z_{n}"),
    ],
)
def test_formulas(text, expected):
    assert relations(text, NAMES) == expected


@pytest.mark.parametrize(
    "text",
    [
        "U[t] = dekay U[t−1]",  # not a name that is known
        "x = the threshold",
        "w = τa τm",  # a product without a space, or an index
        "x = sσ",
        "x = ΔT",
        "y = m∞³",
        "x = a / b c",  # b c or b below the line
        "x = a / b · c",
        "x = a / b / c",
        "x = log r / 2",
        "x = log r/2",
        "x = Σ_i x_i / z_i",  # the sum, or what is summed
        "x = Σ_i x_i/z_i",
        "x = 2 · Π_i x_i / z_i",
        "x = Σ_k w[k] x[k] / n[k]",
        "x = 1/Σ_i x_i",
        "x = 1 / Σ_i x_i",
        "x = 1/exp r",
        "x = exp −r",  # a difference
        "x = a log r Σ_i − x_i",
        "β1_n = x",  # an index of an index
        "x = √x²",
        "x = (a + b",
        "x = a + b)",
        "x = |a + b",
        "x = [a)",
        "x = a +",
        "x = a - b",  # a hyphen
        "x =",
        "",
        "f(x = 1)",
        "neuron.step(state)",
        "x -> y",
        "max_rate = 1",  # what is the maximum of
        "the sample's",
        "x²'",
    ],
)
def test_refused_formulas(text):
    with pytest.raises(Refused):
        relations(text, NAMES)


def lines(text, names=NAMES):
    return equations.tex(text.strip("\n").splitlines(), names)


def test_lines_are_aligned_and_remarks_follow():
    made = lines("""
    S[t] = Θ(U[t]), above the threshold only
    g = 1,   W ≥ 0                 or 1 − decay with input_scaling="none of it"
    R[t] = 0 a spike               according to `reset`; Y is not
""")
    assert made == [
        r"S[t] &= \Theta(U[t])\text{, above the threshold only}",
        r"g &= 1\text{,} \qquad W \ge 0 \quad \text{or }1 - \mathrm{decay}\text{ with }"
        r'\texttt{input\_scaling="none of it"}',
        r"R[t] &= 0\text{ a spike} \qquad \text{according to }\texttt{reset}\text{; }Y"
        r"\text{ is not}",
    ]


def test_the_remark_of_a_long_line_is_below_it():
    made = lines("    x = y" + " + y" * 20 + "     otherwise")
    assert made == ["x &= y" + " + y" * 20 + r" \\ &\quad \text{otherwise}"]


def test_lines_that_continue_are_cases_or_terms():
    made = lines("""
    y = 1/x     if x > 1
        −x      otherwise
    z = a b
        + c     later
""")
    assert made == [
        r"y &= \begin{cases} \displaystyle \frac{1}{x} & \text{if }x > 1 \\ "
        r"\displaystyle -x & \text{otherwise} \end{cases}",
        r"z &= a\,b",
        r"&\quad {}+c \qquad \text{later}",
    ]


def test_a_name_is_known_where_it_is_defined():
    assert lines("    area ~ U(0, 1),   height = √area") == [
        r"\mathrm{area} &\sim U(0, 1)\text{,} \qquad \mathrm{height} = \sqrt{\mathrm{area}}"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "    U[t] = x\n    the rest is text",
        "    where x = 1",
        "    U[t] + x",
        "    x = 1     see eq(2",
        "    x = y     # a remark",
        "    y = x     if z\n        1     else\n        + 2",
        "    y = a\n        b",  # a product, or a case
        "    y = a\n      z = b",
        "    name    what it is",
        '    Ramp(name="delay_width", start=1)',
        "    state = neuron.init_state(current)",
    ],
)
def test_refused_blocks(text):
    with pytest.raises(Refused):
        lines(text)
