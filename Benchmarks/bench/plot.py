def draw(): return "x"
