"""A small rasteriser of Gaussians, written for the tests alone: what a camera sees of splats, from the numbers in a file."""

import numpy
import torch


def turned(wxyz):
    """Quaternions (N, 4) -> matrices (N, 3, 3), by how each turns the three axes."""
    w, v = wxyz[:, :1], wxyz[:, 1:]
    columns = []
    for axis in numpy.eye(3):
        cross = numpy.cross(v, axis)
        columns.append(axis + 2 * (w * cross + numpy.cross(v, cross)))
    return numpy.stack(columns, -1)


def rendered(centres, scales, wxyz, opacities, colours, intrinsics, size, reach=3):
    """Picture (H, W, 3) and how much of each pixel is covered (H, W), float64: splats at pixel centres, nearest first.

    `intrinsics` (3, 3) in pixels; axes x right, y down, z forward. The spot of a splat is its Gaussian projected by the
    derivative of the projection at its centre, without any blur of the screen's, and ends `reach` pixels away.
    """
    height, width = size
    rotation = turned(wxyz)
    covariance = numpy.einsum("nij,nj,nkj->nik", rotation, scales**2, rotation)
    x, y, z = centres.T
    fx, fy = intrinsics[0, 0], intrinsics[1, 1]
    jacobian = numpy.zeros((len(z), 2, 3))
    jacobian[:, 0, 0], jacobian[:, 0, 2] = fx / z, -fx * x / z**2
    jacobian[:, 1, 1], jacobian[:, 1, 2] = fy / z, -fy * y / z**2
    spot = numpy.linalg.inv(jacobian @ covariance @ jacobian.transpose(0, 2, 1))
    u, v = fx * x / z + intrinsics[0, 2], fy * y / z + intrinsics[1, 2]
    cells, alphas, sources = [], [], []
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            column, row = numpy.floor(u).astype(int) + j, numpy.floor(v).astype(int) + i
            away = numpy.stack([column + 0.5 - u, row + 0.5 - v], -1)
            alpha = opacities * numpy.exp(-0.5 * numpy.einsum("ni,nij,nj->n", away, spot, away))
            inside = (column >= 0) & (column < width) & (row >= 0) & (row < height) & (alpha > 1 / 255) & (z > 0)
            cells.append((row * width + column)[inside])
            alphas.append(numpy.minimum(alpha[inside], 0.999))
            sources.append(inside.nonzero()[0])
    cells, alphas, sources = (numpy.concatenate(values) for values in (cells, alphas, sources))
    order = numpy.lexsort((z[sources], cells))
    cells, alphas, sources = cells[order], alphas[order], sources[order]
    # what comes through to each entry: the running product of what those before it in its pixel let through
    logs = numpy.log1p(-alphas)
    before = numpy.cumsum(logs) - logs
    start = numpy.searchsorted(cells, cells)
    weight = alphas * numpy.exp(before - before[start])
    channels = [numpy.bincount(cells, weight * colours[sources, c], height * width) for c in range(3)]
    covered = numpy.bincount(cells, weight, height * width)
    picture = numpy.stack(channels, -1).reshape(height, width, 3)
    return torch.from_numpy(picture), torch.from_numpy(covered.reshape(height, width))


def psnr(picture, truth):
    """Decibels between two pictures in [0, 1]."""
    return float(-10 * torch.log10((picture.double() - truth.double()).square().mean()))
