# Accuracy and time over the threshold of the judge.

axis = "threshold"
axis_label = "Threshold of the judge's score"
load style[1:strlen(style) - strlen("style.gp")] . "axis.gp"
