# SPDX-License-Identifier: MIT
"""Writes cases.tsv: family, reference, answer, verdict, what Math-Verify says.

The verdicts are ours, set by hand; the last column is Math-Verify's opinion of the same two texts (1 or 0), so that
every difference is a decision that can be looked at. Run in an environment with math-verify 0.9.0,
latex2sympy2_extended 1.11.0 and sympy 1.14.0:

    python generate.py > cases.tsv
"""
import logging
import sys

from math_verify import parse, verify

logging.disable(logging.CRITICAL)

RIGHT, WRONG, UNPARSABLE = "right", "wrong", "unparsable"
CASES = {}


def family(name, text):
    """Lines of `verdict | reference | answer`; \\n in an answer is a line break."""
    rows = []
    for line in text.strip().splitlines():
        mark, reference, answer = line.strip().split(" | ")
        verdict = {"+": RIGHT, "-": WRONG, "?": UNPARSABLE}[mark]
        rows.append((reference.strip(), answer.strip(), verdict))
    CASES[name] = rows


family("integers", r"""
+ | 5 | 5
- | 5 | 6
+ | -5 | -5
- | -5 | 5
+ | 7 | 07
+ | 12 | +12
+ | 1000 | 1,000
+ | 7425000 | 7,425,000
+ | 1,234,567 | 1234567
+ | 1000 | 1 000
+ | 1000 | 1\,000
+ | 14916 | 14{,}916
+ | 32349 | $32,\!349$
- | 32349 | $32, 349$
- | 100 | 1000
- | 1 | -1
+ | 0 | 0
+ | 0 | -0
+ | 123456789012345678901234567890 | 123456789012345678901234567890
- | 123456789012345678901234567890 | 123456789012345678901234567891
+ | 2^{10} | 1024
+ | 2^10 | 1024
- | 2^{10} | 1023
+ | 10! | 3628800
+ | \binom{10}{3} | 120
- | \binom{10}{3} | 210
+ | 20 | \gcd(40, 60)
+ | -7 | −7
? | 12 | 1 2
- | 11 | 1
""")

family("decimals", r"""
+ | 0.5 | .5
+ | 0.5 | 0.50
+ | 1000 | 1000.0
+ | 1000.99 | 1,000.99
+ | 1000.99 | 1000,99
+ | 2.74 | 2,74
+ | 0.111 | 0,111
- | 0.111 | 0.112
- | 0.5 | 0.05
+ | 3.0 | 3
+ | 1/3 | 0.333333
+ | 1/3 | 0.33333333
- | 1/3 | 0.333
- | 1/3 | 0.33
- | 2/3 | 0.67
+ | 2/3 | 0.666667
+ | \frac{1}{7} | 0.142857142857
+ | \sqrt{2} | 1.41421356
- | \sqrt{2} | 1.414
+ | \pi | 3.14159265
- | \pi | 3.14
- | \pi | 3.1416
- | 3.14 | \pi
+ | 0.25 | 1/4
- | 0 | 0.0000001
- | 0.0000001 | 0.0000002
+ | 1.5e3 | 1500
+ | 6.02 \times 10^{23} | 602000000000000000000000
+ | 1.6 \times 10^{-19} | 1.6e-19
- | 1.6 \times 10^{-19} | 1.7 \times 10^{-19}
+ | 1/3 | 0.\overline{3}
+ | \frac{1}{6} | 0.1\overline{6}
- | \frac{1}{6} | 0.\overline{16}
+ | 16386.2 | $16386.20
- | 16386.17 | 16386.2
- | 10000000000.5 | 10000000000.6
""")

family("fractions", r"""
+ | \frac{1}{2} | 1/2
+ | \frac{1}{2} | 0.5
+ | \frac12 | \frac{1}{2}
+ | \frac{10}{9} | 10/9
+ | \dfrac{3}{4} | \tfrac{3}{4}
+ | \frac{3}{4} | \cfrac{6}{8}
+ | -\frac{1}{2} | \frac{-1}{2}
+ | -\frac{1}{2} | \frac{1}{-2}
- | -\frac{1}{2} | \frac{1}{2}
- | \frac{1}{2} | \frac{2}{1}
+ | \frac{1}{3} | $\frac13$
+ | 1 | $\frac3{3}$
+ | \frac{14}{3} | 4\frac{2}{3}
+ | 4\frac{2}{3} | 14/3
+ | 4 2/3 | 14/3
+ | -4 2/3 | -14/3
- | 4 2/3 | 8/3
- | 4 | 4 2/3
+ | 3½ | 7/2
+ | \frac{\frac{1}{2}}{3} | 1/6
+ | \frac{1}{\frac{2}{3}} | 3/2
+ | 2/3 | (2)/(3)
+ | 2/3 | 2 \div 3
+ | 1/3 | \left( \frac{1}{3} \right)
+ | 5 | \frac{10}{2}
- | \frac{123456789012345678}{123456789012345679} | \frac{123456789012345677}{123456789012345678}
+ | \frac{1}{2004!} | \frac{1}{2004!}
- | \frac{1}{2004!} | \frac{1}{2006!}
- | \frac{1}{2^{99}} | \frac{1}{2^{98}}
+ | 3/8 | three eighths 3/8
? | \frac{1}{2} | \frac{1}{0}
? | 0 | 1/0
? | 1 | 0/0
- | \frac{1}{2} | \frac{1}{3}
+ | 1/8 | 2^{-3}
+ | \frac{x}{2} | 0.5x
""")

family("roots", r"""
+ | \sqrt{2} | \sqrt2
+ | \sqrt{8} | 2\sqrt{2}
+ | 3\sqrt{13} | \sqrt{117}
- | 3\sqrt{13} | \sqrt{118}
+ | \frac{1}{\sqrt{2}} | \frac{\sqrt{2}}{2}
+ | \frac{1}{1+\sqrt{2}} | \sqrt{2}-1
+ | \sqrt[3]{8} | 2
+ | \sqrt[3]{-8} | -2
+ | \sqrt[3]{16} | 2\sqrt[3]{2}
- | \sqrt[3]{16} | 4
+ | \sqrt{2}\sqrt{3} | \sqrt{6}
+ | 2^{1/2} | \sqrt{2}
+ | 4^{3/2} | 8
+ | \sqrt{3+2\sqrt{2}} | 1+\sqrt{2}
- | \sqrt{3+2\sqrt{2}} | 1+\sqrt{3}
+ | \sqrt{50} | 5\sqrt 2
+ | \frac{5\sqrt{42}}{27} | \frac{10\sqrt{10.5}}{27}
- | 4 | 4\sqrt{2}
- | \sqrt{19} | 19
+ | sqrt(2) | \sqrt{2}
+ | √2 | \sqrt{2}
+ | 2*sqrt(3) | 2\sqrt{3}
+ | 2√3 | 2\sqrt{3}
+ | \sqrt{\frac{4}{9}} | \frac{2}{3}
+ | \frac{\sqrt{\sqrt{11}+\sqrt{194}}}{15+2\sqrt{33}} | \frac{\sqrt{\sqrt{11}+\sqrt{194}}}{2\sqrt{33}+15}
- | \frac{1+\sqrt{5}}{2} | 2
- | \sqrt{2}+\sqrt{3} | \sqrt{5}
- | \sqrt{2}+\sqrt{3} | 3.146
+ | \sqrt{-4} | 2i
- | \sqrt{4} | -2
- | 10^{20} | \sqrt{10^{40}+1}
""")

family("constants", r"""
+ | \pi | π
+ | 2\pi | 2*pi
+ | \frac{9}{4}\pi | \frac{9\pi}{4}
+ | \frac94\pi | \frac{9\pi}{4}
- | 2\pi | 2
- | \pi^2 | 2\pi
+ | e^2 | e \cdot e
+ | 1-\frac{1}{e} | 1 - e^{-1}
- | 1-\frac{1}{\mathrm{e}} | 1+\frac{1}{\mathrm{e}}
+ | \ln 8 | 3\ln 2
+ | \ln(e^3) | 3
+ | \log_2 8 | 3
+ | \log_{10} 1000 | 3
- | \log_2 8 | 4
+ | \sin\frac{\pi}{6} | \frac{1}{2}
+ | \sin 30^\circ | 1/2
+ | \cos(\pi) | -1
+ | \tan 45^\circ | 1
+ | \arctan(1) | \frac{\pi}{4}
+ | \sin^{-1}(1) | \frac{\pi}{2}
+ | i^2 | -1
+ | (1+i)^2 | 2i
+ | \frac{1}{i} | -i
+ | 3+4i | 4i+3
- | 3+4i | 3-4i
+ | |{-3}| | 3
+ | |3+4i| | 5
+ | e^{i\pi} | -1
+ | \lfloor 3.7 \rfloor | 3
+ | \infty | infinity
- | \infty | -\infty
- | \infty | 10
""")

family("expressions", r"""
+ | x+1 | 1+x
+ | (x+1)^2 | x^2+2x+1
- | (x+1)^2 | x^2+1
+ | 2-2p | 2(1-p)
+ | x(y+z) | xy+xz
+ | \frac{x+2}{7} | \frac{x}{7}+\frac{2}{7}
+ | \frac{x^2-1}{x-1} | x+1
- | \frac{x^2-1}{x-1} | x-1
+ | \frac{\pi r}{h+r} | \frac{r\pi}{r+h}
- | \frac{\pi r}{h+r} | \frac{\pi r}{h-r}
+ | \tan^2(y)+1 | \sec^2(y)
+ | \sin^2 x+\cos^2 x | 1
+ | 2\sin b\cos a | 2\cos a\sin b
- | 2\sin b\cos a | 2\sin a\cos b
+ | \sin 2x | 2\sin x\cos x
- | \sin 2x | 2\sin x
- | x+2n+1 | x+1
- | (a+5)(b+2) | (a+5)(b+3)
- | x | y
- | x | X
+ | x_1+x_2 | x_2+x_1
- | x_1 | x_2
+ | 2^{x+1} | 2\cdot 2^x
+ | 4^x | 2^{2x}
- | 4^x | 2^{x}
+ | e^{x+y} | e^x e^y
+ | \frac{1}{3\sqrt[3]{x}^2} | \frac{1}{3x^{2/3}}
- | \sqrt{x^2} | x
+ | \sqrt{x^2} | |x|
+ | n! | n(n-1)!
- | n! | (n-1)!
+ | \frac{n(n+1)}{2} | \binom{n+1}{2}
+ | a^{-1} | \frac{1}{a}
+ | x^2y | yx^2
+ | 3x^2 | 3*x**2
+ | 3x² | 3x^2
+ | \alpha+\beta | \beta+\alpha
- | \alpha | \beta
+ | f(x+1) | f(1+x)
- | f(x+1) | f(x)+1
+ | \frac{a}{b}+\frac{c}{d} | \frac{ad+bc}{bd}
- | \frac{a}{b}+\frac{c}{d} | \frac{a+c}{b+d}
+ | x^{100}-1 | (x^{50}-1)(x^{50}+1)
- | x^{100}-1 | (x^{50}-1)(x^{50}-1)
+ | \ln\frac{1}{2} | -\ln 2
+ | \frac{1}{x}+\frac{1}{y} | \frac{x+y}{xy}
- | x+1 | x
- | x^2 | 2x
+ | (a+b+c)^2 | a^2+b^2+c^2+2ab+2bc+2ca
- | a-b | b-a
""")

family("equations", r"""
+ | x=5 | x=5
+ | x=5 | 5
+ | 5 | x=5
+ | 5 | 5=x
- | x=5 | y=5
- | x=5 | x=6
+ | x = 11 | x = 5+5+1 = 11
+ | 11 | x \approx 11
+ | 1/3 | x=1/3\approx 0.33
+ | y=2x+1 | 2x+1
+ | y=2x+1 | 2x - y + 1 = 0
+ | y=2x+1 | y-1=2x
- | y=2x+1 | y=2x-1
+ | x-2y+z-1=0 | -x+2y-z+1=0
+ | 34x+45y-20z+100=0 | -34x-45y+20z-100=0
+ | 2x+4y-3=0 | y=-\frac{1}{2}x+\frac{3}{4}
+ | x^2/4+y^2/3=1 | x^2/16+y^2/12=1/4
- | x^2/4+y^2/3=1 | x^2/4+y^2/3=2
- | 7=11a+c | 11a+c
- | a+3z=0 | 0
- | 2x+z=1 | 1
- | a^2+b=0 | 0
+ | x^2+y^2=4 | y^2=4-x^2
- | x^2+y^2=4 | x^2+y^2=2
+ | xy=1 | y=\frac{1}{x}
+ | y=\frac{x+1}{2} | 2y=x+1
+ | f(x)=x^2 | x^2
+ | f(x)=x^2 | f(x)=x\cdot x
- | f(x)=x^2 | f(x)=x^3
+ | \text{Area}=12 | 12
+ | 7 | x+y=7
+ | 14/3 | f(-2)+f(0)=\frac{14}{3}
- | 3x-y+13=0 | 3x+4y+14=0
- | x=1 | x=1, y=2
- | 5 | 6=5
+ | 12 | 3\cdot 4=12
+ | 7.78 | 70/9=7.78
+ | x=1, y=2 | y=2, x=1
- | x=1, y=2 | x=2, y=1
+ | (x,y)=(1,2) | (1,2)
+ | (x,y)=(1,2) | (x,y)=(1,2)
- | (x,y)=(1,2) | (x,y)=(2,1)
""")

family("sets", r"""
+ | \{1,2\} | \{2,1\}
+ | \{1,2,3\} | 3, 1, 2
- | \{1,2,3\} | \{1,2\}
- | \{1,2\} | \{1,2,3\}
- | \{1,2\} | 1
- | 1 | \{1,2\}
+ | \{2\} | 2
+ | 2 | \{2\}
+ | 1,2 | 2,1
+ | 1, 2 | 1 and 2
+ | 12 and 13 | 12, 13
+ | 19, 46, and 82 | 19, 46, \text{ and } 82
- | 19, 46, and 82 | 21, 36, and 82
+ | -2,1 | 1,-2
- | -2,1 | 2,-1
+ | x=1 or x=2 | 1, 2
+ | x=1, x=2 | \{1,2\}
+ | x=1 \text{ or } x=2 | x=2 \text{ or } x=1
+ | \{\frac{1}{2}, \frac{1}{3}\} | \{0.5, 0.333333\}
+ | n=1, 2, 3 | n=1, 2, 3
- | n=2, 3, 4 | n=1, 2, 3
+ | \emptyset | \varnothing
+ | \emptyset | \{\}
- | \emptyset | 0
- | \emptyset | \{0\}
+ | \{(1,2),(3,4)\} | \{(3,4),(1,2)\}
- | \{(1,2),(3,4)\} | \{(2,1),(3,4)\}
+ | (1,2),(3,4) | (3,4),(1,2)
+ | \{1\pm\sqrt{5},-2\} | \{-2, 1+\sqrt{5}, 1-\sqrt{5}\}
- | 3 | 3 or 4
- | 3 | 3, 4
- | B | A or B or C
+ | \{a,b\} | \{b,a\}
- | \{a,b\} | \{a,c\}
+ | 1,2 | $\boxed{1}$ and $\boxed{2}$
- | 5 | $\boxed{5}$ or $\boxed{6}$
""")

family("plus-minus", r"""
+ | \pm 2 | 2, -2
+ | \pm 2 | \{-2, 2\}
- | \pm 2021 | 2021
- | 2021 | \pm 2021
+ | 1\pm\sqrt{19} | 1\pm\sqrt{19}
+ | 1\pm\sqrt{19} | 1+\sqrt{19}, 1-\sqrt{19}
- | 1\pm\sqrt{19} | 1\pm\sqrt{17}
+ | x=3\pm 2\sqrt{2} | 3\pm\sqrt{8}
+ | x=\pm 3 | x=3 or x=-3
+ | \frac{-1\pm\sqrt{5}}{2} | \frac{-1+\sqrt{5}}{2}, \frac{-1-\sqrt{5}}{2}
- | \frac{-1\pm\sqrt{5}}{2} | \frac{1\pm\sqrt{5}}{2}
""")

family("tuples", r"""
+ | (1,2) | (1, 2)
- | (1,2) | (2,1)
+ | (6,31,-1) | (6, 31, -1)
- | (6,31,-1) | (6,31,1)
+ | (1,\frac{9}{2}) | (1,4.5)
+ | \left(3,\frac{\pi}{2}\right) | (3, \pi/2)
- | \left(3,\frac{\pi}{2}\right) | (3, \pi)
+ | (1,3) | 1,3
- | (3,1) | 1,3
- | (1,2,3) | (1,2)
+ | (1,2,3) | [1,2,3]
+ | \langle 1,2\rangle | (1,2)
- | (1,2) | 1
- | (1,2) | \{1,2\}
+ | (0,100) | (0,100)
- | (1,2) | (1.2)
- | 12 | (1,2)
""")

family("intervals", r"""
+ | [0,1) | [0,1)
- | [0,1) | [0,1]
- | [0,1) | (0,1)
- | [0,9) | [0,1)
- | (0,9) | [0,9)
+ | (\frac{3}{5},\frac{8}{3}] | (0.6,\frac{16}{6}]
+ | [-2,7] | x \in [-2,7]
+ | x \in [-2,7] | [-2,7]
+ | -2 \le x \le 7 | [-2,7]
+ | -2 \le x \le 7 | x \in [-2,7]
+ | [-2,7] | -2 \le x \le 7
- | [-2,7] | -2 < x \le 7
+ | (-\infty,3) | x<3
+ | x<3 | (-\infty,3)
- | x<3 | (-\infty,3]
+ | (2,12)\cup(12,102) | x \in (2,12)\cup(12,102)
- | (2,12)\cup(12,102) | (2,102)
+ | [-1,-\frac{1}{2})\cup(-\frac{1}{2},0)\cup(0,1)\cup(1,\infty) | [-1,-\tfrac12)\cup(-\tfrac12,0)\cup(0,1)\cup(1,\infty)
+ | (-\infty,1)\cup(2,\infty) | (2,\infty)\cup(-\infty,1)
+ | (-\infty,1)\cup(2,\infty) | x<1 or x>2
- | (-\infty,1)\cup(2,\infty) | x<1 and x>2
+ | (0,2]\cup[1,3) | (0,3)
+ | \{-1\}\cup[0,7) | [0,7)\cup\{-1\}
- | \{-1\}\cup[0,7) | [0,7)
+ | (-\infty,\infty) | \mathbb{R}
+ | \mathbb{R} | all real numbers
+ | \mathbb{R}\setminus\{2\} | (-\infty,2)\cup(2,\infty)
+ | x\neq 2 | (-\infty,2)\cup(2,\infty)
- | \mathbb{R} | (0,\infty)
- | 1 | [0,1]
- | (1,2) | [1,2]
+ | (1,2) | 1<x<2
- | (0,1) | (0,1.5)
+ | D=(0,1) | D=(0,1)
- | D=(0,1) | D=(0,1.5)
+ | [-36,104] | [-36, 104]
+ | [-36,104] | [-36,104]
- | [1,2] | [2,1]
""")

family("inequalities", r"""
+ | x>=5 | x \geq 5
+ | x<3 | x \lt 3
+ | x \leq 5 | 5 \geq x
+ | x<1 | -x>-1
- | x<1 | x>-1
- | x>5 | x<5
- | x>5 | x \geq 5
+ | x\neq 3 | x != 3
+ | 1<x<3 | 3>x>1
+ | 2x+1>5 | x>2
+ | x>2 and x<5 | 2<x<5
- | x>2 | 2
- | 2 | x>2
+ | f(2)<f(1)<f(4) | f(2)<f(1)<f(4)
- | f(2)<f(1)<f(4) | f(1)<f(2)<f(4)
+ | a+b>c | c<a+b
- | a+b>c | a+b<c
+ | x > 1/2 | x > 0.5
- | x>2 | y>2
""")

family("percent", r"""
+ | 50% | 0.5
+ | 50% | 1/2
+ | 50% | 50
+ | 50\% | 50 percent
+ | 28\% | 28 pct
+ | 28\% | $28$ %
+ | 28\% | $28$ percent
+ | 28\% | $\boxed{28}$ percent
+ | 28\% | \boxed{28\%}
- | 0.28 | 28
- | 28 | 0.28
- | 28/100 | 28
- | 28 | 28/100
+ | 28 | 28%
+ | 0.28 | 28%
+ | 12.5% | 0.125
+ | 12.5% | \frac{1}{8}
- | 50% | 5
- | 50% | 51%
- | 50% | 0.5%
+ | 100% | 1
+ | 33\frac{1}{3}\% | \frac{1}{3}
- | 20\% | 0.02
""")

family("units", r"""
+ | 5 | 5 cm
+ | 5 cm | 5
+ | 5 cm | 5\text{ cm}
+ | 15\mbox{ cm}^2 | 15
+ | 15\text{ cm}^2 | 15 \text{ square centimeters}
- | 5 cm | 5 m
- | 15\text{ cm}^2 | 15\text{ cm}
+ | \frac{1}{3} | \frac{1}{3}\text{ meters}
+ | 125\text{ miles} | $125$ miles
+ | 60 km/h | 60\text{ km/h}
+ | 60 miles per hour | 60 \text{ mi/h}
- | 60 km/h | 60 km
+ | 7 | 7 apples
+ | 7 apples | 7
- | 7 apples | 8 apples
+ | $5 | 5 dollars
+ | 1000.99 | $1,000.99
+ | 1000.99 | 1,000.99€
+ | 1000.99 | 1,000.99m²
- | $5 | 5 euros
+ | 90^\circ | 90
+ | 90^\circ | 90 degrees
+ | 90 | 90°
+ | 90^\circ | \frac{\pi}{2}
- | 90^\circ | 45^\circ
- | 90^\circ | \pi
+ | 5 m | 5
- | 5m | 5
+ | 5 | 5m
+ | 10\text{ m/s}^2 | 10
- | 5 feet | 5 inches
+ | 3 hours | 3 hrs
+ | 25^\circ C | 25
""")

family("text", r"""
+ | \text{Evelyn} | Evelyn
+ | \text{Evelyn} | evelyn
- | \text{Evelyn} | Briana
+ | yes | Yes
- | yes | no
+ | True | true
- | True | False
- | no | on
- | cat | act
+ | B | \text{B}
+ | B | (B)
+ | \text{(C)} | \text{C}
- | B | A
- | B | b
+ | E | \text{E}
+ | ab | ba
+ | \text{no solution} | no solution
- | \text{no solution} | 0
+ | blue | **blue**
? | 5 | five
? | 5 | yes
+ | xyz | xyz
""")

family("matrices", r"""
+ | \begin{pmatrix}1&2\\3&4\end{pmatrix} | \begin{bmatrix}1&2\\3&4\end{bmatrix}
- | \begin{pmatrix}1&2\\3&4\end{pmatrix} | \begin{pmatrix}1&2\\3&5\end{pmatrix}
+ | \begin{pmatrix}1&2\\3&4\end{pmatrix} | \left[\begin{array}{cc}1&2\\3&4\end{array}\right]
+ | \begin{pmatrix}\frac{1}{2}&0\\0&1\end{pmatrix} | \begin{pmatrix}0.5&0\\0&1\end{pmatrix}
- | \begin{pmatrix}1&2\\3&4\end{pmatrix} | \begin{pmatrix}1&3\\2&4\end{pmatrix}
+ | \begin{pmatrix}6&8\\10&12\end{pmatrix} | \begin{pmatrix}1&2\\3&4\end{pmatrix}+\begin{pmatrix}5&6\\7&8\end{pmatrix}
+ | \begin{pmatrix}19&22\\43&50\end{pmatrix} | \begin{pmatrix}1&2\\3&4\end{pmatrix}\begin{pmatrix}5&6\\7&8\end{pmatrix}
+ | \begin{pmatrix}2&4\\6&8\end{pmatrix} | 2\begin{pmatrix}1&2\\3&4\end{pmatrix}
- | \begin{pmatrix}1\\2\end{pmatrix} | \begin{pmatrix}1&2\end{pmatrix}
+ | \begin{pmatrix}x&0\\0&-\sin(x)\end{pmatrix} | \begin{pmatrix}x&0\\0&-\sin x\\\end{pmatrix}
+ | -2 | \begin{vmatrix}1&2\\3&4\end{vmatrix}
- | \begin{pmatrix}1&2\\3&4\end{pmatrix} | 1,2,3,4
""")

family("ratios and bases", r"""
+ | 1:2 | 1 : 2
- | 1:2 | 2:1
+ | 3:5 | \frac{3}{5}
- | 12:00 | 1:00
+ | 12:00 | 12:00
- | 1:10 | 2:20
+ | 204_5 | 204_{5}
- | 204_5 | 204_6
- | 204_5 | 203_5
- | 204_5 | 204
- | 1112112_3 | 1112122_3
""")

family("extraction", r"""
+ | 9 | Answer \[ 9 \]
+ | 9 | So we get \( 9 \).
+ | 9 | Answer $$ \n 9 \n $$
+ | 42 | The answer is 42.
+ | 42 | The final answer is $42$. I hope it is correct.
+ | 42 | **Final Answer**\n\boxed{42}
+ | 42 | \boxed{41} no, \boxed{42}
- | 41 | \boxed{41} no, \boxed{42}
+ | 34 | Final Answer: The largest $n$ is 34.
+ | \frac{1}{3} | The answer is $\frac{1}{3}.$
+ | 3 | We have $x=1$ and hence $y=3$.
- | 1 | We have $x=1$ and hence $y=3$.
+ | 12 | Therefore there are 12 distinct sequences that meet the conditions.
+ | 1000.99 | so it is not 10, it is 1,000.99€
? | 2 | AZYUK2A
+ | 7.78 | She pays about $7.78 for it.
- | 2 | $2^{10}.$
- | 1 | The answer is $1/3.$
? | 1, 2, 3 | $1, 2, 3, ...$
+ | 5 | The answer is: 5
+ | 5 | answer: **5**
+ | 2,3 | The answer is $2$ and $3$.
- | 2 | The answer is $2$ or $3$.
+ | 72 | \boxed{72\text{ km}}
+ | 6 | $\boxed{6}$ is the answer.
+ | 9 | $129^{34}+96^{38} \equiv \boxed{9} \pmod{11}.$
+ | [-2,7] | \[ \boxed{[-2, 7]} \]
+ | \frac{3}{56} | p(8) = \frac{q(8)+8}{8^2-1} = \boxed{\frac{3}{56}}.
+ | 14 | Thus 3 + 11 = 14
? | 5 | The answer is not 5
? | 5 | I do not know.
? | 5 | You need at least 5 of them here.
? | 5 | It is certainly less than 5!
? | 5 | either 4 or 5 would do, who knows which 3 or 5
? | 5 | 1 2 3 4 5
? | 5 | \boxed{
? | 5 | \boxed{}
? | 5 | \boxed{5
? | 5 | the box \boxed{5 and the rest
- | 5 | \boxed{6} although 5 was close
""")

family("nonsense", r"""
? | 5 | ((((
? | 5 | +
? | 5 | \frac{}{}
? | 5 | \frac{1}
? | 5 | $$$$
- | 5 | NaN!!
? | nan | nan
? | 5 | \notacommand{5}
? | 5 | )5(
? | 5 | [1,2
? | 5 | 5 +
? | 5 | ^5
? | 5 | 1..2
- | 5 | \int_0^1 x dx
- | 5 | inf
- | 5 | 9^9^9^9
- | 5 | 10^{10^{10}}
- | 9^9^9 | 9^9^9^9
- | 5 | e^{1000000}
- | 0 | 2^{-1000000}
""")


def opinion(reference, answer):
    """1 if Math-Verify finds the two equal, each taken as it stands or as a formula."""
    def readings(text):
        marked = any(mark in text for mark in ("$", "\\boxed", "\\(", "\\[")) or "nswer" in text
        return [parse(text)] if marked else [parse(text), parse(f"${text}$")]
    return int(any(verify(gold, said) for gold in readings(reference) for said in readings(answer)))


for name, rows in CASES.items():
    for reference, answer, verdict in rows:
        hard = "9^9" in answer or "10^{10^" in answer or "1000000}" in answer
        theirs = "" if hard else opinion(reference, answer.replace("\\n", "\n"))
        print(name, reference, answer, verdict, theirs, sep="\t")
    sys.stdout.flush()
