"""What jobs cost: measured where they have run, scaled by how much there is to do where they have not."""
