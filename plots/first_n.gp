# Accuracy and time over the steps that the base writes first.

axis = "first_n_base"
axis_label = "First steps written by the base (n)"
load style[1:strlen(style) - strlen("style.gp")] . "axis.gp"
